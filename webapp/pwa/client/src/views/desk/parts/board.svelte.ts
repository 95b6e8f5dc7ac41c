/** The board of one month's round, kept fresh while the page is in sight. */
import { api } from "../../../api/client";
import { session } from "../../../stores/session.svelte";
import type { State } from "../../../ui/states";
import type { Board, BoardBuilding, BoardRoom } from "./types";

const EVERY_MS = 5_000;

export class BoardFeed {
  board = $state.raw<Board | null>(null);
  error = $state.raw<unknown>(null);
  /** When the server last answered, be it that nothing has changed. */
  heardAt = $state<number | null>(null);
  #path = "";
  #etag: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Follows the board of a month until another is followed or `stop` is called. */
  follow(month: string): void {
    const path = session.path(`rounds/${month}/board`);
    if (path === this.#path) return;
    this.stop();
    this.board = null;
    this.error = null;
    this.#path = path;
    this.#etag = null;
    void this.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#path = "";
  }

  /** Asks at once; then again every few seconds, but not while nobody looks. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const path = this.#path;
    if (!path) return;
    if (document.visibilityState === "visible") await this.#ask(path);
    if (path === this.#path) this.#timer = setTimeout(() => void this.refresh(), EVERY_MS);
  }

  async #ask(path: string): Promise<void> {
    try {
      const answer = await api.getIfChanged<Board>(path, this.#etag);
      if (path !== this.#path) return;
      if (answer.changed) {
        this.board = answer.data;
        this.#etag = answer.etag;
      }
      this.error = null;
      this.heardAt = Date.now();
    } catch (error) {
      if (path === this.#path) this.error = error;
    }
  }
}

/** How a room's tile is drawn: what is wrong comes first, then what is missing. */
export function roomState(room: BoardRoom): State {
  if (room.abnormal > 0) return "abnormal";
  if (room.pairs > 0) return "attention";
  if (room.todo > 0) return "todo";
  return room.not_tested > 0 ? "not_tested" : "normal";
}

/** `B2` lies under `B1`, that under `1F`; a floor that is no number comes last. */
function height(floor: string): number {
  const figure = Number(floor.match(/\d+/)?.[0] ?? Infinity);
  return /^(b|-|地下|负)/i.test(floor.trim()) ? -figure : figure;
}

/** Floors of a building from below, each with its rooms. */
export function floorsOf(building: BoardBuilding, shown: (room: BoardRoom) => boolean): [string, BoardRoom[]][] {
  const floors = new Map<string, BoardRoom[]>();
  for (const room of building.rooms) {
    if (!shown(room)) continue;
    const rooms = floors.get(room.floor);
    if (rooms) rooms.push(room);
    else floors.set(room.floor, [room]);
  }
  return [...floors].sort(([one], [other]) => height(one) - height(other) || one.localeCompare(other));
}
