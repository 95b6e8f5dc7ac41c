/**
 * A checklist version's content, and what of it concerns a device: as webapp/checklists/content.py
 * and rules.py have it. Pure; tests/vectors/*.json hold the two languages together.
 */
export type Kind = "pass_fail" | "number" | "choice" | "text" | "photo";
export type Period = "month" | "quarter" | "year";
export type Severity = 1 | 2 | 3 | 4;
export type Register = Readonly<Record<string, unknown>>;

/** A thing with a stable key and its two names: an option, a cause, an action, an exception. */
export interface Words {
  readonly key: string;
  readonly zh: string;
  readonly en: string;
}

/** What is normal for a number, in the item's unit; bounds are inclusive and all must hold. */
export interface NumberNormal {
  readonly min?: number;
  readonly max?: number;
  /** Equal to this register field. */
  readonly register?: string;
  /** At most this share of this register field. */
  readonly max_share_of_register?: readonly [field: string, share: number];
  /** Within this tolerance, a share of the field, of this register field. */
  readonly register_within?: readonly [field: string, share: number];
}

interface ItemBase extends Words {
  readonly severity?: number;
  /** Severity by option key, or by bound: `above_5`, `below_2`. */
  readonly by?: Readonly<Record<string, number>>;
  readonly every?: Period;
  readonly optional?: boolean;
  readonly photo?: "always";
  readonly consumable?: string;
  readonly when_register?: string;
  readonly unless_register?: string;
  readonly source?: string;
}

export interface NumberItem extends ItemBase {
  readonly kind: "number";
  readonly unit?: string;
  readonly normal?: NumberNormal;
}

export interface ChoiceItem extends ItemBase {
  readonly kind: "choice";
  readonly options?: readonly Words[];
  /** The keys of the normal options. */
  readonly normal?: readonly string[];
}

export interface TextItem extends ItemBase {
  readonly kind: "text";
  readonly normal?: { readonly register: string };
}

export interface PlainItem extends ItemBase {
  readonly kind: "pass_fail" | "photo";
}

export type Item = NumberItem | ChoiceItem | TextItem | PlainItem;

export interface DeviceType extends Words {
  readonly items: readonly Item[];
}

export interface Content {
  readonly format: number;
  readonly types: readonly DeviceType[];
  readonly causes: Readonly<Record<string, readonly Words[]>>;
  readonly actions: Readonly<Record<string, readonly Words[]>>;
  readonly exceptions: readonly Words[];
  /** The names of the keys that items refer to; absent where none are named. */
  readonly consumables?: readonly Words[];
}

/** The device type whose checklist is the room's own. */
export const ROOM_TYPE = "room";
export const LARGEST_NUMBER = 1e12;

const YES = new Set(["1", "true", "yes", "y", "是", "有", "√"]);
const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/;
const BLANKS = /[ \t\r\n\u00a0\u3000]+/g;
const OUTER_BLANKS = /^[ \t\r\n\u00a0\u3000]+|[ \t\r\n\u00a0\u3000]+$/g;

/** The items of a device type, in order; empty when the checklist has no such type. */
export function itemsOf(content: Content, typeKey: string): readonly Item[] {
  return content.types.find((type) => type.key === typeKey)?.items ?? [];
}

export function itemOf(content: Content, typeKey: string, itemKey: string): Item | undefined {
  return itemsOf(content, typeKey).find((item) => item.key === itemKey);
}

/** The reasons to pick from for a device type: its own first, then those for any type. */
export function causesOf(content: Content, typeKey: string): readonly Words[] {
  return picks(content.causes, typeKey);
}

/** The actions to pick from for a device type: its own first, then those for any type. */
export function actionsOf(content: Content, typeKey: string): readonly Words[] {
  return picks(content.actions, typeKey);
}

function picks(lists: Content["causes"], typeKey: string): readonly Words[] {
  const ofType = Object.hasOwn(lists, typeKey) ? (lists[typeKey] ?? []) : [];
  const known = new Set(ofType.map((words) => words.key));
  return [...ofType, ...(lists["any"] ?? []).filter((words) => !known.has(words.key))];
}

/** The consumables that a device's items name, once each, in order (clause 16). */
export function consumablesOf(items: readonly Item[]): string[] {
  return [...new Set(items.flatMap((item) => (item.consumable ? [item.consumable] : [])))];
}

/** A consumable's two names; one that the checklist doesn't name is called by its key. */
export function consumableWords(content: Content | null, key: string): Words {
  const plain = key.replaceAll("_", " ");
  const named = content?.consumables?.find((words) => words.key === key);
  return named ?? { key, zh: plain, en: plain };
}

/** The register fields that rules compare with: the device's own, and its firmware column. */
export function deviceRegister(register: Register, firmware = ""): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(register)) {
    if (value !== null && value !== undefined) fields[name] = value;
  }
  const own = fields["firmware"];
  const empty = own === undefined || (typeof own === "string" && foldText(own) === "");
  if (firmware && empty) fields["firmware"] = firmware;
  return fields;
}

/** Whether the item concerns this device: a laser projector has no lamp to read. */
export function applies(item: Item, register: Register): boolean {
  if (item.when_register !== undefined && !registerFlag(register, item.when_register)) return false;
  return item.unless_register === undefined || !registerFlag(register, item.unless_register);
}

/** A yes-or-no register field; missing is no. */
export function registerFlag(register: Register, name: string): boolean {
  const value = own(register, name);
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  return typeof value === "string" && YES.has(foldText(value));
}

/** A register field as a number; undefined when it is missing or is none. */
export function registerNumber(register: Register, name: string): number | undefined {
  let value = own(register, name);
  if (typeof value === "string") {
    const text = foldText(value).replaceAll(",", "");
    value = NUMBER.test(text) ? Number(text) : undefined;
  }
  return typeof value === "number" && Math.abs(value) <= LARGEST_NUMBER ? value : undefined;
}

/** A register field as text; undefined when missing or empty. 4.0 reads "4" in both languages. */
export function registerText(register: Register, name: string): string | undefined {
  const value = own(register, name);
  if (typeof value === "string") return value.replace(OUTER_BLANKS, "") || undefined;
  const number = registerNumber(register, name);
  if (number === undefined || (number !== 0 && Math.abs(number) < 1e-4)) return undefined;
  return String(number);
}

function own(register: Register, name: string): unknown {
  return Object.hasOwn(register, name) ? register[name] : undefined;
}

/**
 * Text for comparing: full-width forms made narrow, blanks folded, A-Z lowered; nothing else.
 * Spelled out rather than left to a library, because both languages must fold alike.
 */
export function foldText(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[A-Z]/g, (c) => c.toLowerCase())
    .replace(BLANKS, " ")
    .replace(/^ +| +$/g, "");
}
