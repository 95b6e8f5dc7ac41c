/** What a supervisor does to a round. Each throws what the server says against it. */
import { api, ApiError } from "../../../api/client";
import { dayIn } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { lookups } from "./lookups.svelte";
import type { BoardRoom, RoundAction } from "./types";

export type Missing = Partial<Record<"todo" | "pairs" | "photos_returned", number>>;

export async function openRound(month: string): Promise<void> {
  await api.post(session.path("rounds"), { month });
  await lookups.readRounds();
}

export async function act(month: string, action: RoundAction): Promise<void> {
  await api.post(session.path(`rounds/${month}/${action}`), {});
  await lookups.readRounds();
}

/** Gives rooms to people; `null` takes a room from whoever has it. */
export async function assign(month: string, assignees: Map<number, number | null>): Promise<void> {
  const rooms = [...assignees].map(([room_id, assignee_id]) => ({ room_id, assignee_id }));
  await api.patch(session.path(`rounds/${month}/rooms`), { rooms });
}

/** Who has these rooms now, to be put back by an undo. */
export function assigneesOf(rooms: BoardRoom[]): Map<number, number | null> {
  return new Map(rooms.map((room) => [room.id, room.assignee_id]));
}

/** What still misses, when that is why a round can't be finished or accepted. */
export function missingOf(error: unknown): Missing | null {
  if (!(error instanceof ApiError) || error.code !== "round_not_complete") return null;
  return (error.details.missing ?? {}) as Missing;
}

/** The month that it is at the contract's place. */
export function presentMonth(timeZone: string | undefined, now = Date.now()): string {
  return dayIn(timeZone, now).slice(0, 7);
}
