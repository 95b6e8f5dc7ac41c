/** Everything that the inspection screen shows of one task. */
import type {
  BuildingRow,
  DeviceRow,
  InspectionRow,
  PersonRow,
  PreviousMonth,
  RoomRow,
  RoundRow,
  TaskRow,
} from "../api/wire";
import type { Words } from "../rules/checklist";
import { lastRecord } from "./drafts";
import { checklistOf, type TaskChecklist } from "./due";
import { collator } from "./home";
import { openItemViews, type OpenItemView } from "./items";
import { latestByTask, outcomeOf, type TaskOutcome } from "./outcome";
import { judgeDraft, type Judged } from "./payload";
import { returnedOf, type ReturnedLine } from "./returns";
import type { UserDatabase } from "./schema";
import type { Draft, InspectionRecord, PhotoInfo } from "./types";

export interface TaskView {
  task: TaskRow;
  round: RoundRow;
  room: RoomRow | undefined;
  building: BuildingRow | undefined;
  /** Null for the room's own checklist. */
  device: DeviceRow | null;
  typeNames: Words | null;
  /** The code of the label in force, null when there is none. */
  label: string | null;
  /** Items that are due and apply, the register they are compared with, and the version. */
  checklist: TaskChecklist;
  previous: PreviousMonth | null;
  /** Months in a row that an item was abnormal, by item: the repeat offender. */
  repeat: Record<string, number>;
  /** Carried over, to be answered first. */
  openItems: OpenItemView[];
  /** How many cases of the service desk this device has that still wait for somebody. */
  cases: number;
  /** What was sent back of it and has no answer yet. */
  returned: ReturnedLine[];
  draft: Draft | null;
  /** The draft judged by the rule as it stands; null without a draft. */
  judged: Judged | null;
  /** What was finished on this phone last. */
  record: InspectionRecord | null;
  /** Inspections of others that the server holds of this task. */
  others: InspectionRow[];
  /** Whose inspection the server got last, and when; null while it has none. */
  held: { by: PersonRow | null; mine: boolean; at: string } | null;
  outcome: TaskOutcome;
  /** The photos of the draft, else of the record; in order. */
  photos: PhotoInfo[];
  /** The next task to do in the room, in the room screen's order; null when it is finished. */
  next: number | null;
}

/** One task; null when it is not on this phone. */
export async function task(db: UserDatabase, taskId: number): Promise<TaskView | null> {
  const row = await db.tasks.get(taskId);
  const round = row && (await db.rounds.get(row.round_id));
  if (!row || !round) return null;
  const [draft, record, room, device] = await Promise.all([
    db.drafts.get(taskId),
    lastRecord(db, taskId),
    db.rooms.get(row.room_id),
    row.device_id === null ? null : db.devices.get(row.device_id),
  ]);
  // Never the room's checklist for a device: where that is gone, so is its task.
  if (device === undefined) return null;
  const number = draft?.checklist ?? record?.payload.checklist ?? round.checklist;
  const [checklist, photos, rest] = await Promise.all([
    checklistOf(db, row, number),
    photosShown(db, draft, record),
    surroundings(db, row, room, round, draft),
  ]);
  return {
    task: row,
    round,
    room,
    device,
    typeNames: checklist.content?.types.find((type) => type.key === checklist.type) ?? null,
    checklist,
    previous: row.previous,
    repeat: row.repeat,
    draft: draft ?? null,
    judged: draft ? judgeDraft(draft, photos, checklist) : null,
    record: record ?? null,
    outcome: outcomeOf(row, record),
    photos,
    ...rest,
  };
}

async function photosShown(
  db: UserDatabase,
  draft: Draft | undefined,
  record: InspectionRecord | undefined,
): Promise<PhotoInfo[]> {
  const ids = draft?.photo_ids ?? record?.payload.photos.map((photo) => photo.id) ?? [];
  return (await db.photos.bulkGet(ids)).filter((photo) => photo !== undefined);
}

async function surroundings(db: UserDatabase, row: TaskRow, room: RoomRow | undefined, round: RoundRow, draft?: Draft) {
  const [building, label, openItems, cases, returned, held, next] = await Promise.all([
    room && db.buildings.get(room.building_id),
    labelOf(db, row.device_id),
    openItemViews(db, { roomId: row.room_id, deviceId: row.device_id, round }),
    row.device_id === null ? 0 : db.cases.where("device_id").equals(row.device_id).count(),
    returnedOf(db, row.id),
    db.inspections.where("task_id").equals(row.id).toArray(),
    nextTask(db, row),
  ]);
  return {
    building,
    label,
    // What a correction's own record has opened it has not been left: the server asks for no answer either.
    openItems: openItems.filter(({ row }) => !draft || row.opened_uid !== draft.uid),
    cases,
    returned,
    others: held.filter((one) => one.author_id !== db.userId),
    held: await latestOf(db, held),
    next,
  };
}

async function latestOf(db: UserDatabase, held: readonly InspectionRow[]): Promise<TaskView["held"]> {
  if (held.length === 0) return null;
  const last = held.reduce((a, b) => (a.received_at < b.received_at ? b : a));
  const by = (await db.people.get(last.author_id)) ?? null;
  return { by, mine: last.author_id === db.userId, at: last.received_at };
}

async function labelOf(db: UserDatabase, deviceId: number | null): Promise<string | null> {
  if (deviceId === null) return null;
  const labels = await db.labels.where("device_id").equals(deviceId).toArray();
  return labels.filter((label) => !label.revoked).sort((a, b) => b.id - a.id)[0]?.code ?? null;
}

/** The task after this one that is still to do, then from the top; the room's own comes last. */
async function nextTask(db: UserDatabase, current: TaskRow): Promise<number | null> {
  const all = await db.tasks.where("room_id").equals(current.room_id).toArray();
  const tasks = all.filter((one) => one.round_id === current.round_id);
  const devices = await db.devices.where("room_id").equals(current.room_id).toArray();
  const records = latestByTask(
    await db.records.where("task_id").anyOf(tasks.map((one) => one.id)).toArray(),
  );
  const names = new Map(devices.map((device) => [device.id, device.name]));
  const ordered = tasks.sort(
    (a, b) =>
      Number(a.device_id === null) - Number(b.device_id === null) ||
      collator.compare(names.get(a.device_id ?? 0) ?? "", names.get(b.device_id ?? 0) ?? ""),
  );
  const here = ordered.findIndex((one) => one.id === current.id);
  const around = [...ordered.slice(here + 1), ...ordered.slice(0, here)];
  return around.find((one) => outcomeOf(one, records.get(one.id)) === "todo")?.id ?? null;
}
