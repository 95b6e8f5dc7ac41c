/** Second visits that a "not tested" has promised and that nobody has made yet. */
import type { DeviceRow, InspectionRow, RoomRow, TaskRow } from "../api/wire";
import { groupBy } from "./group";
import { latestByTask, outcomeOf, ownCounts } from "./outcome";
import { currentRound } from "./rounds";
import type { UserDatabase } from "./schema";
import type { InspectionRecord } from "./types";

/** One visit: all that is to be tested again in a room on a day. */
export interface Revisit {
  /** The day, `YYYY-MM-DD`. */
  on: string;
  room: RoomRow;
  taskIds: number[];
  /** The device where it is only one; null for several, or for the room's own checklist. */
  device: DeviceRow | null;
  mine: boolean;
}

/** The second visits of the current round, the earliest first. */
export function revisits(db: UserDatabase): Promise<Revisit[]> {
  return db.transaction("r", db.tables, async () => readRevisits(db));
}

async function readRevisits(db: UserDatabase): Promise<Revisit[]> {
  const [round, promised, unsent] = await Promise.all([
    currentRound(db),
    // Rows without a day are not in the index.
    db.inspections.orderBy("revisit_on").toArray(),
    db.records.where("state").notEqual("accepted").toArray(),
  ]);
  const own = unsent.filter((record) => record.payload.exception?.revisit_on);
  const ids = [...new Set([...promised, ...own].map((row) => row.task_id))];
  const [tasks, records] = await Promise.all([
    db.tasks.bulkGet(ids),
    db.records.where("task_id").anyOf(ids).toArray(),
  ]);
  const latest = latestByTask(records);
  const onServer = new Map(promised.map((row) => [row.uid, row]));
  const due = tasks.flatMap((task) => {
    if (!task || task.round_id !== round?.id) return [];
    const on = dayOf(task, latest.get(task.id), onServer);
    return on ? [{ task, on, mine: task.assignee_id === db.userId || latest.has(task.id) }] : [];
  });
  return withPlaces(db, due);
}

/** The day on which the task is to be tested again; null when it was tested since. */
function dayOf(
  task: TaskRow,
  record: InspectionRecord | undefined,
  onServer: ReadonlyMap<string, InspectionRow>,
): string | null {
  if (outcomeOf(task, record) !== "not_tested") return null;
  if (record && ownCounts(task, record)) return record.payload.exception?.revisit_on ?? null;
  return onServer.get(task.inspection_uid ?? "")?.revisit_on ?? null;
}

interface Due {
  task: TaskRow;
  on: string;
  mine: boolean;
}

async function withPlaces(db: UserDatabase, due: readonly Due[]): Promise<Revisit[]> {
  const visits = [...groupBy(due, ({ task, on }) => `${on} ${task.room_id}`).values()];
  const [rooms, devices] = await Promise.all([
    db.rooms.bulkGet(visits.map((visit) => visit[0]!.task.room_id)),
    db.devices.bulkGet(visits.map((visit) => visit[0]!.task.device_id ?? 0)),
  ]);
  return visits
    .flatMap((visit, place) => {
      const room = rooms[place];
      if (!room) return [];
      const device = visit.length === 1 ? (devices[place] ?? null) : null;
      const taskIds = visit.map(({ task }) => task.id);
      return [{ on: visit[0]!.on, room, taskIds, device, mine: visit.some(({ mine }) => mine) }];
    })
    .sort((a, b) => a.on.localeCompare(b.on));
}
