/** How the rooms of a board are drawn and ordered. */
import type { State } from "../../../ui/states";
import type { BoardBuilding, BoardRoom } from "./types";

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
