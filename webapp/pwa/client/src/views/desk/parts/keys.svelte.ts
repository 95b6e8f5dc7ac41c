/**
 * The desk's keys. A screen says what it listens to while it is mounted; `?` shows the list.
 *
 * Keys never act while somebody types, in a modal dialog or a menu, or with a modifier held down; and keys
 * that are one character can be switched off (WCAG 2.1.4).
 */
import { onMount } from "svelte";
import type { Key } from "../../../i18n";
import { readStored, writeStored } from "../../../stores/stored";

export interface Shortcut {
  /** `KeyboardEvent.key` values that do the same; `"g b"` is one after the other. */
  keys: string[];
  text: Key;
  run: (event: KeyboardEvent) => void;
}

export interface KeyGroup {
  title: Key;
  shortcuts: Shortcut[];
}

const STORED = "roundbook.desk_keys";
const SEQUENCE_MS = 1200;
const MOVING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);
const CLICKED_INPUTS = new Set(["checkbox", "radio", "button", "submit", "range"]);

class DeskKeys {
  groups = $state.raw<KeyGroup[]>([]);
  #characters = $state(readStored<boolean>(STORED) ?? true);
  #prefix = "";
  #prefixAt = 0;

  /** Whether keys that are a single character act. */
  get characters(): boolean {
    return this.#characters;
  }

  set characters(on: boolean) {
    this.#characters = on;
    writeStored(STORED, on);
  }

  add(group: KeyGroup): () => void {
    this.groups = [...this.groups, group];
    return () => (this.groups = this.groups.filter((other) => other !== group));
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || document.querySelector("dialog:modal, :popover-open")) return;
    if (event.key.length === 1 && !this.#characters) return;
    const shortcut = this.#find(event);
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(event);
  }

  #find(event: KeyboardEvent): Shortcut | undefined {
    const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const late = event.timeStamp - this.#prefixAt > SEQUENCE_MS;
    const sequence = this.#prefix && !late ? `${this.#prefix} ${pressed}` : "";
    const all = this.groups.flatMap((group) => group.shortcuts).reverse();
    const named = (keys: string) => all.find((shortcut) => shortcut.keys.includes(keys));
    const found = sequence ? named(sequence) : named(pressed);
    const begins = all.some(({ keys }) => keys.some((key) => key.startsWith(`${pressed} `)));
    this.#prefix = !found && !sequence && begins ? pressed : "";
    this.#prefixAt = event.timeStamp;
    return found;
  }
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (target instanceof HTMLInputElement && CLICKED_INPUTS.has(target.type))
    return MOVING.has(event.key) && ["range", "radio"].includes(target.type);
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export const deskKeys = new DeskKeys();

/** Listens to these keys while the screen is there. Call it as the screen is made. */
export function useKeys(title: Key, shortcuts: Shortcut[]): void {
  onMount(() => deskKeys.add({ title, shortcuts }));
}

const SIGNS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Enter: "↵",
  " ": "Space",
};

/** What is printed on a key: `→`, `Esc`, `A`. */
export function keySign(key: string): string {
  return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
