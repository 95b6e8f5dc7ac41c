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
import { openItemViews, type OpenItemView } from "./items";
import { count, latestByTask, noTotals, outcomeOf, type TaskOutcome, type Totals } from "./outcome";
import { returnedLines, returnedToMe, type ReturnedLine } from "./returns";
import type { UserDatabase } from "./schema";
import { changedSince, isMineVoided, roomSigning, signingRows, type Signing, type SigningRows } from "./selfchecks";
import { readInSlices } from "./slices";
import type { InspectionRecord } from "./types";
import { unsentCount, type UnsentCount } from "./unsent";

/**
 * `ready`: inspected, and this user's to sign · `signed`: the self-check is signed · `checked`: a
 * colleague has signed it too · `void`: what this user signed no longer holds, or was changed here.
 */
export type RoomMark = "ready" | "signed" | "checked" | "void";

export interface RoomProgress {
  room: RoomRow;
  building: BuildingRow | undefined;
  /** Whether any of its tasks is assigned to this user. */
  mine: boolean;
  totals: Totals;
  openItems: number;
  returned: number;
  /** How far its signatures are; null while there is nothing to say of them. */
  mark: RoomMark | null;
  /** Whether it waits for a colleague's second look, and this user could be the one. */
  toCheck: boolean;
}

export interface HomeView {
  contract: ContractRow | undefined;
  /** The round being worked on: the latest open one. Null until one is opened and pulled. */
  round: RoundRow | null;
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

/** Read in one transaction: all of one moment, and not a transaction for each table. */
export function home(db: UserDatabase): Promise<HomeView> {
  return db.transaction("r", db.tables, () => readHome(db));
}

async function readHome(db: UserDatabase): Promise<HomeView> {
  const round = await currentRound(db);
  const states = round ? await taskStates(db, round.id) : [];
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
    totals: totalsOf(states),
    mine: totalsOf(states.filter(({ task }) => task.assignee_id === db.userId)),
    rooms,
    openItems: { all: items.length, mine: mineOf(db.userId, items, states) },
    returned,
    unsent,
    deviceCount,
    readyAt: readyAt ?? null,
    evictedAt: evictedAt ?? null,
  };
}

/** How many open items are this user's: he owns them, or their task is his. */
function mineOf(userId: number, items: readonly OpenItemRow[], states: readonly TaskState[]): number {
  const placed = (one: { room_id: number; device_id: number | null }) => `${one.room_id} ${one.device_id}`;
  const own = new Set(states.flatMap(({ task }) => (task.assignee_id === userId ? placed(task) : [])));
  return items.filter((item) => item.owner_id === userId || own.has(placed(item))).length;
}

export async function currentRound(db: UserDatabase): Promise<RoundRow | null> {
  const rounds = await db.rounds.orderBy("month").reverse().toArray();
  return rounds.find((round) => round.state === "open") ?? rounds[0] ?? null;
}

/** How far a room's signatures are, for a list: its own screen looks closer. */
function signedOf(
  userId: number,
  roomId: number,
  { signOffs, own }: SigningRows,
  work: { states: readonly TaskState[]; mine: boolean; through: boolean },
): Pick<RoomProgress, "mark" | "toCheck"> {
  const rows = signOffs.get(roomId) ?? [];
  const standing = (level: string) => rows.find((row) => row.level === level && !row.voided);
  const self = standing("self_check");
  const here = own.get(roomId);
  const gone = rows.some((row) => (here ? row.voided && row.uid === here.uid : isMineVoided(row, userId)));
  const kept = here !== undefined && !gone && here.state !== "quarantined" && here.state !== "conflict";
  if (kept && changedSince(here, work.states)) return { mark: "void", toCheck: false };
  if (standing("peer_check")) return { mark: "checked", toCheck: false };
  const worked = work.states.some(({ record }) => record !== undefined);
  if (self) return { mark: "signed", toCheck: self.user_id !== userId && !worked };
  if (kept) return { mark: "signed", toCheck: false };
  if (gone) return { mark: "void", toCheck: false };
  return { mark: work.through && (work.mine || worked) ? "ready" : null, toCheck: false };
}

interface TaskState {
  task: TaskRow;
  outcome: TaskOutcome;
  started: boolean;
  /** What this phone has finished of it, the latest. */
  record: InspectionRecord | undefined;
}

async function taskStates(db: UserDatabase, roundId: number): Promise<TaskState[]> {
  const [tasks, records, drafts] = await Promise.all([
    readInSlices(db.tasks).then((all) => all.filter((task) => task.round_id === roundId)),
    db.records.where("round_id").equals(roundId).toArray(),
    db.drafts.toCollection().primaryKeys(),
  ]);
  const latest = latestByTask(records);
  const started = new Set(drafts);
  return tasks.map((task) => ({
    task,
    outcome: outcomeOf(task, latest.get(task.id)),
    started: started.has(task.id),
    record: latest.get(task.id),
  }));
}

function totalsOf(states: readonly Pick<TaskState, "outcome" | "started">[]): Totals {
  const totals = noTotals();
  for (const { outcome, started } of states) count(totals, outcome, started);
  return totals;
}

/** The rooms of a round with their progress. */
export async function roomsOf(db: UserDatabase, roundId: number): Promise<RoomProgress[]> {
  const states = await taskStates(db, roundId);
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
        ...signedOf(db.userId, room.id, signing, { states: own, mine, through }),
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

export function groupBy<Row, Key>(rows: readonly Row[], key: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

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

/** One room of the current round; null when it is not on this phone or not in the round. */
export async function room(db: UserDatabase, roomId: number): Promise<RoomView | null> {
  const [row, round] = await Promise.all([db.rooms.get(roomId), currentRound(db)]);
  if (!row || !round) return null;
  const tasks = await db.tasks
    .where("room_id")
    .equals(roomId)
    .filter((task) => task.round_id === round.id)
    .toArray();
  const [building, openItems, version, all, signing, people] = await Promise.all([
    db.buildings.get(row.building_id),
    openItemViews(db, { roomId }),
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
  const deviceIds = tasks.flatMap((task) => task.device_id ?? []);
  const [devices, records, drafts, items, returned, others, version] = await Promise.all([
    db.devices.bulkGet(deviceIds),
    db.records.where("task_id").anyOf(ids).toArray(),
    db.drafts.where("task_id").anyOf(ids).primaryKeys(),
    db.open_items.where("device_id").anyOf(deviceIds).toArray(),
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
        openItems: items.filter((item) => item.device_id === task.device_id).length,
        returned: returned.filter((one) => one.taskId === task.id).length,
        itemCount: dueOf(task, device, version?.content ?? null, round.checklist).items.length,
      };
    })
    .sort((a, b) => collator.compare(a.device?.name ?? "", b.device?.name ?? ""));
}
