/** Which rooms of a round wait for whom. Pure. */
import type { State } from "../../../ui/states";
import type { Acceptance, AcceptanceRoom, RoomLevel, SampleTask, SignOff } from "./types";

/** What the list shows: the first is all; the addresses of the board's blockers name the others. */
export const SHOWS = ["all", "mine_self", "mine_check", "self_check", "peer_check", "voided"] as const;
export type Show = (typeof SHOWS)[number];

type Room = Pick<AcceptanceRoom, "self_check" | "peer_check" | "voided" | "why_not" | "todo" | "total">;

/** Rooms whose self-check the signed-in person may sign now. */
export const waitsForMySelfCheck = (room: Room): boolean => room.why_not.self_check === "";

/** Rooms that the signed-in person may look at again: signed by their engineer, and by nobody else. */
export const waitsForMyCheck = (room: Room): boolean =>
  room.self_check !== null && room.peer_check === null && room.why_not.recheck === "";

export function isShown(room: Room, show: Show): boolean {
  switch (show) {
    case "mine_self":
      return waitsForMySelfCheck(room);
    case "mine_check":
      return waitsForMyCheck(room);
    case "self_check":
      return room.total > 0 && room.todo === 0 && room.self_check === null;
    case "peer_check":
      return room.self_check !== null && room.peer_check === null;
    case "voided":
      return room.voided.length > 0;
    default:
      return true;
  }
}

/** Whether a room is a person's: he has it, or has inspected it where nobody has; 0 asks for nobody's. */
export function isOf(room: Pick<AcceptanceRoom, "assignee_ids" | "author_ids">, who: number): boolean {
  const owners = room.assignee_ids.length > 0 ? room.assignee_ids : room.author_ids;
  return who === 0 ? owners.length === 0 : owners.includes(who);
}

/** How many rooms each choice shows. */
export function countShows(acceptance: Acceptance): Record<Show, number> {
  const rooms = allRooms(acceptance);
  const count = (show: Show) => rooms.filter((room) => isShown(room, show)).length;
  return Object.fromEntries(SHOWS.map((show) => [show, count(show)])) as Record<Show, number>;
}

export function allRooms(acceptance: Pick<Acceptance, "buildings">): AcceptanceRoom[] {
  return acceptance.buildings.flatMap((building) => building.rooms);
}

/** A level's mark in a room: signed, voided by a change, or still to be signed. */
export function markOf(room: Room, level: RoomLevel): { state: State; signOff: SignOff | null } {
  const standing = room[level];
  if (standing) return { state: "normal", signOff: standing };
  const voided = room.voided.find((row) => row.level === level) ?? null;
  return { state: voided ? "attention" : "todo", signOff: voided };
}

/** The level that one may sign for the rooms shown together, and for which of them. */
export function signable(rooms: readonly AcceptanceRoom[], level: RoomLevel): number[] {
  return rooms.filter((room) => room.why_not[level] === "").map((room) => room.id);
}

/** What is to be looked at again and is not settled yet, in order. */
export function leftOf(tasks: readonly SampleTask[]): SampleTask[] {
  return tasks.filter((task) => task.why.length > 0 && task.checked !== "confirmed");
}

/** The next to look at after one: the next that is left, else none. */
export function nextAfter(tasks: readonly SampleTask[], id: number): SampleTask | null {
  const left = leftOf(tasks).filter((task) => task.checked === "");
  const at = tasks.findIndex((task) => task.id === id);
  return left.find((task) => tasks.indexOf(task) > at) ?? left.find((task) => task.id !== id) ?? null;
}

/** A hash as people compare it: the first eight signs; the whole is copied. */
export const shortHash = (sha256: string): string => sha256.slice(0, 8);
