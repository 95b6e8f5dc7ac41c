/** Open items as the phone shows them: number for life, age in months, what was answered here. */
import type { DeviceRow, OpenItemRow, RoomRow } from "../api/wire";
import { itemOf, type Item } from "../rules/checklist";
import { monthIndex } from "../rules/due";
import type { UserDatabase } from "./schema";
import type { OpenItemAnswer } from "./types";

export interface OpenItemView {
  row: OpenItemRow;
  room: RoomRow | undefined;
  device: DeviceRow | null;
  /** The checklist's item that it hangs on; null for a finding outside the test. */
  item: Item | null;
  /** Months since it was opened: 0 in the month of its opening. */
  ageMonths: number;
  /** The task in which it can be answered now, where there is one. */
  taskId: number | null;
  /** What this phone has answered in the round, finished or not. */
  answered: OpenItemAnswer["answer"] | null;
  mine: boolean;
}

export interface OpenItemFilter {
  roomId?: number;
  deviceId?: number | null;
  /** Only of tasks that are assigned to this user, or that he owns. */
  mine?: boolean;
}

/** Open items, the most severe and oldest first. */
export async function openItemViews(
  db: UserDatabase,
  filter: OpenItemFilter = {},
): Promise<OpenItemView[]> {
  const rows = await (filter.roomId === undefined
    ? db.open_items.toArray()
    : db.open_items.where("room_id").equals(filter.roomId).toArray());
  const wanted = rows.filter(
    (row) => filter.deviceId === undefined || row.device_id === filter.deviceId,
  );
  const views = await withContext(db, wanted);
  return views
    .filter((view) => !filter.mine || view.mine)
    .sort((a, b) => a.row.severity - b.row.severity || b.ageMonths - a.ageMonths || a.row.number - b.row.number);
}

async function withContext(db: UserDatabase, rows: readonly OpenItemRow[]): Promise<OpenItemView[]> {
  const deviceIds = rows.flatMap((row) => row.device_id ?? []);
  const [rooms, devices, rounds, roomTasks] = await Promise.all([
    db.rooms.bulkGet(rows.map((row) => row.room_id)),
    db.devices.bulkGet(deviceIds),
    db.rounds.orderBy("month").reverse().toArray(),
    db.tasks.where("room_id").anyOf(rows.map((row) => row.room_id)).toArray(),
  ]);
  const round = rounds.find((candidate) => candidate.state === "open") ?? rounds[0];
  const version = round && (await db.checklists.where("number").equals(round.checklist).first());
  const answers = await answersGiven(db);
  const deviceById = new Map(devices.flatMap((device) => (device ? [[device.id, device]] : [])));
  return rows.map((row, place) => {
    const device = row.device_id === null ? null : (deviceById.get(row.device_id) ?? null);
    const task = roomTasks.find(
      (candidate) =>
        candidate.room_id === row.room_id &&
        candidate.device_id === row.device_id &&
        candidate.round_id === round?.id,
    );
    const type = device?.type ?? "room";
    return {
      row,
      room: rooms[place],
      device,
      item: (row.item && version && itemOf(version.content, type, row.item)) || null,
      ageMonths: round ? Math.max(0, monthIndex(round.month) - monthIndex(row.opened_month)) : 0,
      taskId: task?.id ?? null,
      answered: answers.get(row.number) ?? null,
      mine: row.owner_id === db.userId || task?.assignee_id === db.userId,
    };
  });
}

/** What drafts and finished inspections on this phone say of open items; drafts have the last word. */
async function answersGiven(db: UserDatabase): Promise<Map<number, OpenItemAnswer["answer"]>> {
  const [records, drafts] = await Promise.all([db.records.toArray(), db.drafts.toArray()]);
  const given = new Map<number, OpenItemAnswer["answer"]>();
  for (const record of records) {
    for (const { number, answer } of record.payload.open_items) given.set(number, answer);
  }
  for (const draft of drafts) {
    for (const [number, { answer }] of Object.entries(draft.open_items)) {
      given.set(Number(number), answer);
    }
  }
  return given;
}
