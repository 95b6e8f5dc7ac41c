/** Open items as the phone shows them: number for life, age in months, what was answered here. */
import type { DeviceRow, OpenItemRow, RoomRow, RoundRow } from "../api/wire";
import { dayIn } from "../i18n/day";
import { itemOf, type Item } from "../rules/checklist";
import { monthIndex } from "../rules/due";
import { currentRound } from "./rounds";
import type { UserDatabase } from "./schema";
import type { OpenItemAnswer } from "./types";

export interface OpenItemView {
  row: OpenItemRow;
  room: RoomRow | undefined;
  device: DeviceRow | null;
  /** The checklist's item that it hangs on; null for a finding outside the test. */
  item: Item | null;
  /** Months since it was opened, in the round's month, or today's without an open round: 0 in its own. */
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
  /** As they stand in this round; the one being worked on, where it is left out. */
  round?: RoundRow;
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
  const views = await withContext(db, wanted, filter.round ?? (await currentRound(db)));
  return views
    .filter((view) => !filter.mine || view.mine)
    .sort((a, b) => a.row.severity - b.row.severity || b.ageMonths - a.ageMonths || a.row.number - b.row.number);
}

async function withContext(
  db: UserDatabase,
  rows: readonly OpenItemRow[],
  round: RoundRow | null,
): Promise<OpenItemView[]> {
  const deviceIds = rows.flatMap((row) => row.device_id ?? []);
  const [rooms, devices, roomTasks, version, answers, month] = await Promise.all([
    db.rooms.bulkGet(rows.map((row) => row.room_id)),
    db.devices.bulkGet(deviceIds),
    db.tasks.where("room_id").anyOf(rows.map((row) => row.room_id)).toArray(),
    round ? db.checklists.where("number").equals(round.checklist).first() : undefined,
    answersGiven(db, round),
    monthOf(db, round),
  ]);
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
      ageMonths: Math.max(0, monthIndex(month) - monthIndex(row.opened_month)),
      taskId: task?.id ?? null,
      answered: answers.get(row.number) ?? null,
      mine: row.owner_id === db.userId || task?.assignee_id === db.userId,
    };
  });
}

/** The month that ages are reckoned to: an item grows older between two rounds, too. */
async function monthOf(db: UserDatabase, round: RoundRow | null): Promise<string> {
  if (round?.state === "open") return round.month;
  const contract = await db.contract.toCollection().first();
  return dayIn(contract?.time_zone).slice(0, 7);
}

/** What drafts and finished inspections of the round here say of open items; drafts have the last word. */
async function answersGiven(
  db: UserDatabase,
  round: RoundRow | null,
): Promise<Map<number, OpenItemAnswer["answer"]>> {
  const given = new Map<number, OpenItemAnswer["answer"]>();
  if (!round) return given;
  const [records, all] = await Promise.all([
    db.records.where("round_id").equals(round.id).toArray(),
    db.drafts.toArray(),
  ]);
  const tasks = await db.tasks.bulkGet(all.map((draft) => draft.task_id));
  const drafts = all.filter((_, place) => tasks[place]?.round_id === round.id);
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
