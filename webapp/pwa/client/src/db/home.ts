/** What the home and room screens show. Everything here only reads. */
import type {
  BuildingRow,
  ContractRow,
  DeviceRow,
  InspectionRow,
  OpenItemRow,
  PersonRow,
  RoomRow,
  RoundRow,
  TaskRow,
} from "../api/wire";
import { ROOM_TYPE, type Content, type Words } from "../rules/checklist";
import { dueOf } from "./due";
import { groupBy } from "./group";
import { openItemViews, type OpenItemView } from "./items";
import {
  latestByTask,
  noTotals,
  outcomeOf,
  taskStates,
  totalsOf,
  type TaskOutcome,
  type TaskState,
  type Totals,
} from "./outcome";
import { returnedLines, returnedToMe, type ReturnedLine } from "./returns";
import { currentRound, openRounds } from "./rounds";
import type { UserDatabase } from "./schema";
import { markOf, roomSigning, signingRows, type RoomSigned, type Signing, type SigningRows } from "./selfchecks";
import type { InspectionRecord } from "./types";
import { unsentCount, type UnsentCount } from "./unsent";

export interface RoomProgress extends RoomSigned {
  room: RoomRow;
  building: BuildingRow | undefined;
  /** Whether any of its tasks is assigned to this user. */
  mine: boolean;
  totals: Totals;
  openItems: number;
  returned: number;
}

/** One of the open rounds, and how far it is. */
export interface RoundProgress {
  round: RoundRow;
  totals: Totals;
  mine: Totals;
}

export interface HomeView {
  contract: ContractRow | undefined;
  /** The round being worked on. Null until one is opened and pulled. */
  round: RoundRow | null;
  /** All that can be worked on, the oldest first: more than one while an earlier month is late. */
  rounds: RoundProgress[];
  totals: Totals;
  mine: Totals;
  /** All rooms of the round, in the order of buildings, floors and names. */
  rooms: RoomProgress[];
  openItems: { all: number; mine: number };
  /** What was sent back to this user, answers and photos: first in his list. */
  returned: ReturnedLine[];
  unsent: UnsentCount;
  deviceCount: number;
  /** When the data for offline work was last complete (ISO), or null. */
  readyAt: string | null;
  /** When the browser cleared this phone's data without being asked (ISO), or null. */
  evictedAt: string | null;
}

/**
 * Read in one transaction: all of one moment, and not a transaction for each table. Dexie keeps it
 * open over many awaits for a function that is async by name alone.
 */
export function home(db: UserDatabase): Promise<HomeView> {
  return db.transaction("r", db.tables, async () => readHome(db));
}

async function readHome(db: UserDatabase): Promise<HomeView> {
  const open = await openRounds(db);
  const work = await taskStates(db, open.map(({ id }) => id));
  const round = await currentRound(db, work);
  const rounds = open.map((one) => progressOf(db.userId, one, work.get(one.id) ?? []));
  const shown = rounds.find((one) => one.round.id === round?.id);
  const states = work.get(round?.id ?? 0) ?? [];
  const signing = await signingRows(db, round?.id ?? 0);
  const items = await db.open_items.toArray();
  const [rooms, contract, deviceCount, unsent, returned, readyAt, evictedAt] =
    await Promise.all([
      roomsWith(db, states, signing, items),
      db.contract.toCollection().first(),
      db.devices.count(),
      unsentCount(db),
      returnedLines(db),
      db.getMeta("ready_at"),
      db.getMeta("evicted_at"),
    ]);
  return {
    contract,
    round,
    rounds,
    totals: shown?.totals ?? noTotals(),
    mine: shown?.mine ?? noTotals(),
    rooms,
    openItems: { all: items.length, mine: mineOf(db.userId, items, states) },
    returned,
    unsent,
    deviceCount,
    readyAt: readyAt ?? null,
    evictedAt: evictedAt ?? null,
  };
}

function progressOf(userId: number, round: RoundRow, states: readonly TaskState[]): RoundProgress {
  const own = states.filter(({ task }) => task.assignee_id === userId);
  return { round, totals: totalsOf(states), mine: totalsOf(own) };
}

/** How many open items are this user's: he owns them, or their task is his. */
function mineOf(userId: number, items: readonly OpenItemRow[], states: readonly TaskState[]): number {
  const placed = (one: { room_id: number; device_id: number | null }) => `${one.room_id} ${one.device_id}`;
  const own = new Set(states.flatMap(({ task }) => (task.assignee_id === userId ? placed(task) : [])));
  return items.filter((item) => item.owner_id === userId || own.has(placed(item))).length;
}

/** The rooms of a round with their progress. */
export async function roomsOf(db: UserDatabase, roundId: number): Promise<RoomProgress[]> {
  const states = (await taskStates(db, [roundId])).get(roundId) ?? [];
  return roomsWith(db, states, await signingRows(db, roundId), await db.open_items.toArray());
}

async function roomsWith(
  db: UserDatabase,
  states: readonly TaskState[],
  signing: SigningRows,
  items: readonly OpenItemRow[],
): Promise<RoomProgress[]> {
  const [rooms, buildings, returned] = await Promise.all([
    db.rooms.toArray(),
    db.buildings.toArray(),
    returnedToMe(db),
  ]);
  const byRoom = groupBy(states, (state) => state.task.room_id);
  const itemsByRoom = groupBy(items, (item) => item.room_id);
  const returnedTasks = groupBy(returned, (one) => one.taskId);
  const building = new Map(buildings.map((row) => [row.id, row]));
  const shown = rooms.filter((room) => byRoom.has(room.id));
  return shown
    .map((room) => {
      const own = byRoom.get(room.id)!;
      const mine = own.some(({ task }) => task.assignee_id === db.userId);
      const totals = totalsOf(own);
      const back = own.flatMap(({ task }) => returnedTasks.get(task.id) ?? []);
      const through = totals.todo === 0 && !back.some((one) => one.kind === "answer");
      return {
        room,
        building: building.get(room.building_id),
        mine,
        totals,
        ...markOf(db.userId, room.id, signing, { states: own, mine, through }),
        openItems: itemsByRoom.get(room.id)?.length ?? 0,
        returned: back.length,
      };
    })
    .sort(byPlace);
}

function byPlace(a: RoomProgress, b: RoomProgress): number {
  const buildings = (a.building?.position ?? 0) - (b.building?.position ?? 0);
  const floors = collator.compare(a.room.floor, b.room.floor);
  return (
    buildings ||
    a.room.building_id - b.room.building_id ||
    floors ||
    collator.compare(a.room.name_zh, b.room.name_zh)
  );
}

export const collator = new Intl.Collator("zh-CN", { numeric: true });

export interface RoomTask {
  task: TaskRow;
  /** Null for the room's own checklist. */
  device: DeviceRow | null;
  type: string;
  typeNames: Words | null;
  outcome: TaskOutcome;
  started: boolean;
  record: InspectionRecord | null;
  /** Inspections of others that the server holds of this task. */
  others: InspectionRow[];
  openItems: number;
  returned: number;
  /** How many items it asks for. */
  itemCount: number;
}

export interface RoomView {
  room: RoomRow;
  building: BuildingRow | undefined;
  round: RoundRow;
  /** The room's own checklist, where it has one in this round. */
  own: RoomTask | null;
  devices: RoomTask[];
  openItems: OpenItemView[];
  totals: Totals;
  /** The reasons for which a device or the whole room may go untested. */
  exceptions: readonly Words[];
  /** The checklist of the round, whole. */
  content: Content | null;
  signing: Signing;
  /** Names behind the ids in `signing`. */
  people: ReadonlyMap<number, PersonRow>;
}

/**
 * One room of the current round; null when it is not on this phone or not in the round.
 *
 * @param roundId of a screen that was opened in this round: what is signed on it may end the round
 */
export async function room(db: UserDatabase, roomId: number, roundId?: number): Promise<RoomView | null> {
  const held = roundId === undefined ? undefined : await db.rounds.get(roundId);
  const [row, round] = await Promise.all([db.rooms.get(roomId), held ?? currentRound(db)]);
  if (!row || !round) return null;
  const tasks = await db.tasks
    .where("room_id")
    .equals(roomId)
    .filter((task) => task.round_id === round.id)
    .toArray();
  const [building, openItems, version, all, signing, people] = await Promise.all([
    db.buildings.get(row.building_id),
    openItemViews(db, { roomId, round }),
    db.checklists.where("number").equals(round.checklist).first(),
    roomTasks(db, tasks, round),
    roomSigning(db, round.id, roomId, tasks),
    db.people.toArray(),
  ]);
  return {
    room: row,
    building,
    round,
    own: all.find((one) => one.device === null && one.task.device_id === null) ?? null,
    devices: all.filter((one) => one.task.device_id !== null),
    openItems,
    totals: totalsOf(all),
    exceptions: version?.content.exceptions ?? [],
    content: version?.content ?? null,
    signing,
    people: new Map(people.map((one) => [one.id, one])),
  };
}

async function roomTasks(
  db: UserDatabase,
  tasks: readonly TaskRow[],
  round: RoundRow,
): Promise<RoomTask[]> {
  const ids = tasks.map((task) => task.id);
  const roomIds = tasks.map((task) => task.room_id);
  const deviceIds = tasks.flatMap((task) => task.device_id ?? []);
  const [devices, records, drafts, items, returned, others, version] = await Promise.all([
    db.devices.bulkGet(deviceIds),
    db.records.where("task_id").anyOf(ids).toArray(),
    db.drafts.where("task_id").anyOf(ids).primaryKeys(),
    db.open_items.where("room_id").anyOf(roomIds).toArray(),
    returnedToMe(db),
    db.inspections.where("task_id").anyOf(ids).toArray(),
    db.checklists.where("number").equals(round.checklist).first(),
  ]);
  const deviceById = new Map(devices.flatMap((device) => (device ? [[device.id, device]] : [])));
  const latest = latestByTask(records);
  return tasks
    .map((task) => {
      const device = task.device_id === null ? null : (deviceById.get(task.device_id) ?? null);
      const type = task.device_id === null ? ROOM_TYPE : (device?.type ?? "");
      const record = latest.get(task.id) ?? null;
      return {
        task,
        device,
        type,
        typeNames: version?.content.types.find((one) => one.key === type) ?? null,
        outcome: outcomeOf(task, record ?? undefined),
        started: drafts.includes(task.id),
        record,
        others: others.filter((one) => one.task_id === task.id && one.author_id !== db.userId),
        openItems: items.filter((item) => item.room_id === task.room_id && item.device_id === task.device_id).length,
        returned: returned.filter((one) => one.taskId === task.id).length,
        itemCount: dueOf(task, device, version?.content ?? null, round.checklist).items.length,
      };
    })
    .sort((a, b) => collator.compare(a.device?.name ?? "", b.device?.name ?? ""));
}
