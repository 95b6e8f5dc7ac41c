/** How far the round is: of a room, of a building, of the engineer's own part. Pure. */

export type TaskOutcome = "todo" | "normal" | "abnormal" | "not_tested";

export interface TaskLike {
  id: number;
  room_id: number;
  device_id?: number | null;
  assignee_id?: number | null;
  outcome: TaskOutcome;
}

export interface RoomLike {
  id: number;
  building_id: number;
  floor: string;
  name_zh: string;
}

export interface BuildingLike {
  id: number;
  position: number;
}

export interface Progress {
  total: number;
  done: number;
  abnormal: number;
  notTested: number;
  todo: number;
}

export interface FloorGroup<Room> {
  floor: string;
  rooms: Room[];
}

export interface BuildingGroup<Building, Room> {
  building: Building;
  floors: FloorGroup<Room>[];
  rooms: Room[];
}

/** `done` counts what was tested, normal or not; a task that could not be tested is apart. */
export function progressOf(tasks: Iterable<TaskLike>): Progress {
  const progress = { total: 0, done: 0, abnormal: 0, notTested: 0, todo: 0 };
  for (const task of tasks) {
    progress.total += 1;
    if (task.outcome === "todo") progress.todo += 1;
    else if (task.outcome === "not_tested") progress.notTested += 1;
    else progress.done += 1;
    if (task.outcome === "abnormal") progress.abnormal += 1;
  }
  return progress;
}

/** Tasks by their room, in one pass. */
export function byRoom<Task extends TaskLike>(tasks: Iterable<Task>): Map<number, Task[]> {
  const rooms = new Map<number, Task[]>();
  for (const task of tasks) {
    const list = rooms.get(task.room_id);
    if (list) list.push(task);
    else rooms.set(task.room_id, [task]);
  }
  return rooms;
}

/** Floors from the lowest up: basements first, then by number, then by name. */
export function floorOrder(floor: string): number {
  const match = /(-?\d+)/.exec(floor);
  if (!match) return 1000;
  const number = Number(match[1]);
  return /^\s*(b|负|地下)/i.test(floor) ? -Math.abs(number) : number;
}

/** Rooms by building and floor, as one walks through them. */
export function groupRooms<Building extends BuildingLike, Room extends RoomLike>(
  buildings: readonly Building[],
  rooms: readonly Room[],
): BuildingGroup<Building, Room>[] {
  return [...buildings]
    .sort((a, b) => a.position - b.position || a.id - b.id)
    .map((building) => {
      const own = rooms.filter((room) => room.building_id === building.id).sort(compareRooms);
      return { building, rooms: own, floors: floorsOf(own) };
    })
    .filter((group) => group.rooms.length > 0);
}

export function compareRooms(a: RoomLike, b: RoomLike): number {
  return (
    floorOrder(a.floor) - floorOrder(b.floor) ||
    a.floor.localeCompare(b.floor, "zh-CN") ||
    a.name_zh.localeCompare(b.name_zh, "zh-CN", { numeric: true })
  );
}

function floorsOf<Room extends RoomLike>(rooms: Room[]): FloorGroup<Room>[] {
  const floors: FloorGroup<Room>[] = [];
  for (const room of rooms) {
    const last = floors.at(-1);
    if (last && last.floor === room.floor) last.rooms.push(room);
    else floors.push({ floor: room.floor, rooms: [room] });
  }
  return floors;
}

/** The next task after this one that is still to do, round the end of the list once. */
export function nextTodo<Task extends TaskLike>(tasks: readonly Task[], after?: number): Task | null {
  const at = tasks.findIndex((task) => task.id === after);
  const turned = [...tasks.slice(at + 1), ...tasks.slice(0, Math.max(0, at))];
  return turned.find((task) => task.outcome === "todo") ?? null;
}

/** Whole months from one `YYYY-MM` to another: the age of an open item, 1 in its second month. */
export function monthsBetween(from: string, to: string): number {
  const index = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
  return Math.max(0, index(to) - index(from));
}
