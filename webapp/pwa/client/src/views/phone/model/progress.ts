/** How one walks through a round: buildings, floors, rooms, the next device. Pure. */
import type { BuildingRow, RoomRow } from "../../../api/wire";
import type { Totals } from "../../../db/outcome";
import type { State } from "../../../ui/states";

export interface Placed {
  room: RoomRow;
  building: BuildingRow | undefined;
}

export interface FloorGroup<Row extends Placed> {
  floor: string;
  rows: Row[];
}

export interface BuildingGroup<Row extends Placed> {
  building: BuildingRow | undefined;
  floors: FloorGroup<Row>[];
  rows: Row[];
}

/** Floors from the lowest up: basements first, then by number, then those without one. */
export function floorOrder(floor: string): number {
  const match = /(-?\d+)/.exec(floor);
  if (!match) return 1000;
  const number = Number(match[1]);
  return /^\s*(b|负|地下)/i.test(floor) ? -Math.abs(number) : number;
}

/** Rooms by building and floor, as one walks through them; the order of buildings is kept. */
export function groupRooms<Row extends Placed>(rows: readonly Row[]): BuildingGroup<Row>[] {
  const groups = new Map<number, BuildingGroup<Row>>();
  for (const row of rows) {
    const key = row.room.building_id;
    const group = groups.get(key) ?? { building: row.building, floors: [], rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  for (const group of groups.values()) {
    group.rows.sort((a, b) => floorOrder(a.room.floor) - floorOrder(b.room.floor));
    group.floors = floorsOf(group.rows);
  }
  return [...groups.values()];
}

function floorsOf<Row extends Placed>(rows: readonly Row[]): FloorGroup<Row>[] {
  const floors: FloorGroup<Row>[] = [];
  for (const row of rows) {
    const last = floors.at(-1);
    if (last?.floor === row.room.floor) last.rows.push(row);
    else floors.push({ floor: row.room.floor, rows: [row] });
  }
  return floors;
}

/** What tells a floor from every other building's. */
export function floorKey({ room }: Placed): string {
  return `${room.building_id} ${room.floor}`;
}

/** By floor: how many rooms it has in the round, and how many of them are through. */
export function floorTotals(
  rows: readonly (Placed & { totals: Totals })[],
): Map<string, { done: number; all: number }> {
  const floors = new Map<string, { done: number; all: number }>();
  for (const row of rows) {
    const { done, all } = floors.get(floorKey(row)) ?? { done: 0, all: 0 };
    floors.set(floorKey(row), { done: done + Number(row.totals.todo === 0), all: all + 1 });
  }
  return floors;
}

/** What was tested, normal or not. */
export function doneOf(totals: Totals): number {
  return totals.normal + totals.abnormal;
}

/** The one state of a room that is through; null while something is still to do. */
export function stateOf(totals: Totals): State | null {
  if (totals.todo > 0) return null;
  if (totals.abnormal > 0) return "abnormal";
  return totals.normal > 0 ? "normal" : "not_tested";
}

/** The next thing that is still to do after the one at hand, round the end of the list once. */
export function nextTodo<Row>(
  rows: readonly Row[],
  isHere: (row: Row) => boolean,
  isTodo: (row: Row) => boolean,
): Row | null {
  const at = rows.findIndex(isHere);
  const turned = [...rows.slice(at + 1), ...rows.slice(0, Math.max(0, at))];
  return turned.find(isTodo) ?? null;
}
