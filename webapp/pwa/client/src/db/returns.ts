/**
 * What was sent back to this user, answers and photos together: first in his list, also offline.
 *
 * It is answered by an amendment. The row brings its inspection's payload along, so that a phone
 * which doesn't hold the record (a new one, or of whoever took the room over) fills the draft by it.
 */
import type {
  DeviceRow,
  InspectionPayload,
  PersonRow,
  PhotoManifest,
  ReadingPayload,
  ReturnedAnswerRow,
  ReturnedPhotoRow,
  RoomRow,
} from "../api/wire";
import { itemOf, ROOM_TYPE, type Item } from "../rules/checklist";
import { amendmentOf, draftFromPayload } from "./drafts";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { Draft, InspectionRecord, PhotoInfo } from "./types";

export interface Returned {
  /** `answer-12` or `photo-…`: what the address of a screen names it by. */
  key: string;
  kind: "answer" | "photo";
  taskId: number;
  inspectionUid: string;
  /** The revision that was sent back: a later one is the answer. */
  revision: number;
  /** Null for the inspection as a whole, or a photo of the whole. */
  item: string | null;
  /** The supervisor's words. */
  remark: string;
  /** When it was sent back; "" where the server did not say. */
  at: string;
  byId: number | null;
  photoId: string | null;
  /** What was drawn on the photo. */
  marks: readonly unknown[];
  /** What the inspection said, as text; "" where the server did not send it. */
  payload: string;
}

export interface ReturnedLine extends Returned {
  device: DeviceRow | null;
  room: RoomRow | undefined;
  checked: Item | null;
  by: PersonRow | undefined;
  /** The reading that was sent back; null for a photo, and where there was none. */
  before: ReadingPayload | null;
  /** The photos of the item that the inspection had, in order. */
  photosBefore: string[];
  /** Whether a picture of the photo is on this phone: it comes a little after its row. */
  pictured: boolean;
}

/** What was sent back and has no answer on this phone yet, the oldest first. */
export async function returnedToMe(db: UserDatabase): Promise<Returned[]> {
  const [answers, photos] = await Promise.all([
    db.returned_answers.toArray(),
    db.returned_photos.toArray(),
  ]);
  const all = [...answers.map(ofAnswer), ...photos.map(ofPhoto)];
  if (all.length === 0) return [];
  const records = await db.records.bulkGet(all.map((one) => one.inspectionUid));
  return all
    .filter((one, place) => !isAnswered(one, records[place]))
    .sort((a, b) => a.at.localeCompare(b.at) || a.key.localeCompare(b.key));
}

function ofAnswer(row: ReturnedAnswerRow): Returned {
  return { ...shared(row), key: `answer-${row.id}`, kind: "answer", photoId: null, marks: [] };
}

function ofPhoto(row: ReturnedPhotoRow): Returned {
  const { id, marks } = row;
  return { ...shared(row), key: `photo-${id}`, kind: "photo", photoId: id, marks };
}

// What an older version of the app has kept of a photo lacks the later fields.
function shared(row: ReturnedAnswerRow | ReturnedPhotoRow) {
  return {
    taskId: row.task_id,
    inspectionUid: row.inspection_uid,
    revision: row.revision ?? 0,
    item: row.item ?? null,
    remark: row.remark ?? "",
    at: row.returned_at ?? "",
    byId: row.returned_by_id ?? null,
    payload: row.payload ?? "",
  };
}

/** Whether what this phone has finished answers it; the server says so itself with the next pull. */
function isAnswered(one: Returned, record: InspectionRecord | undefined): boolean {
  if (!record || record.state === "dismissed") return false;
  if (one.kind === "answer") return record.revision > one.revision;
  // A record that is behind the server's may not know the photo yet.
  const listed = record.payload.photos.some((photo) => photo.id === one.photoId);
  return !listed && record.revision >= one.revision;
}

/** The same with the names of things, for a list. */
export async function returnedLines(db: UserDatabase): Promise<ReturnedLine[]> {
  return withNames(db, await returnedToMe(db));
}

/** What was sent back of one task. */
export async function returnedOf(db: UserDatabase, taskId: number): Promise<ReturnedLine[]> {
  const all = await returnedToMe(db);
  return withNames(db, all.filter((one) => one.taskId === taskId));
}

async function withNames(db: UserDatabase, all: readonly Returned[]): Promise<ReturnedLine[]> {
  if (all.length === 0) return [];
  const tasks = await db.tasks.bulkGet(all.map((one) => one.taskId));
  const payloads = all.map(payloadOf);
  const photoIds = all.flatMap((one) => one.photoId ?? []);
  const [devices, rooms, people, pictures, versions] = await Promise.all([
    db.devices.bulkGet(tasks.map((task) => task?.device_id ?? -1)),
    db.rooms.bulkGet(tasks.map((task) => task?.room_id ?? -1)),
    db.people.bulkGet(all.map((one) => one.byId ?? -1)),
    db.thumbs.where("id").anyOf(photoIds).primaryKeys(),
    db.checklists.toArray(),
  ]);
  return all.map((one, place) => {
    const payload = payloads[place] ?? null;
    const version = versions.find((row) => row.number === payload?.checklist) ?? versions.at(-1);
    const type = devices[place]?.type ?? ROOM_TYPE;
    return {
      ...one,
      device: devices[place] ?? null,
      room: rooms[place],
      checked: (one.item && version && itemOf(version.content, type, one.item)) || null,
      by: people[place],
      before: payload?.readings.find((reading) => reading.item === one.item) ?? null,
      pictured: one.photoId !== null && pictures.includes(one.photoId),
      photosBefore: payload?.photos.filter((photo) => photo.item === one.item).map(({ id }) => id) ?? [],
    };
  });
}

const WHOLE = {
  started_at: "",
  finished_at: "",
  scanned_code: null,
  bulk_ok: false,
  dwell_seconds: 0,
  remark: "",
  exception: null,
  amends: null,
};
const READING = { value: null, verdict: "not_tested" as const, cause: "", action: "", remark: "", fixed: false, bulk: false };
const PHOTO = { item: null, finding: null, open_item: null, width: 0, height: 0, taken_at: "" };

/** The payload with all that it left out at its default; null where there is none to read. */
export function payloadOf(one: Pick<Returned, "payload">): InspectionPayload | null {
  if (!one.payload) return null;
  try {
    const sent = JSON.parse(one.payload) as InspectionPayload;
    return {
      ...WHOLE,
      ...sent,
      readings: (sent.readings ?? []).map((reading) => ({ ...READING, ...reading })),
      consumables: (sent.consumables ?? []).map((use) => ({ ...use, quantity: use.quantity ?? 1 })),
      findings: (sent.findings ?? []).map((finding) => ({
        ...finding,
        severity: finding.severity ?? 3,
        fixed: finding.fixed ?? false,
      })),
      open_items: (sent.open_items ?? []).map((one) => ({ ...one, remark: one.remark ?? "" })),
      photos: (sent.photos ?? []).map((photo) => ({ ...PHOTO, ...photo })),
      exception: sent.exception ? { ...{ remark: "", revisit_on: null }, ...sent.exception } : null,
    };
  } catch {
    return null;
  }
}

/**
 * Begins the answer: a draft that amends the inspection and holds all that it said.
 *
 * @returns the draft; null when the task has another inspection under way, or nothing to begin with
 * @throws NotSavedError
 */
export function beginAnswer(db: UserDatabase, one: Returned): Promise<Draft | null> {
  return write(db, () =>
    db.transaction("rw", [db.drafts, db.records, db.inspections, db.photos], async () => {
      const under = await db.drafts.get(one.taskId);
      if (under) return under.uid === one.inspectionUid ? under : null;
      const record = await db.records.get(one.inspectionUid);
      const draft = await draftFor(db, one, record);
      if (draft) await db.drafts.put(draft);
      return draft;
    }),
  );
}

async function draftFor(
  db: UserDatabase,
  one: Returned,
  record: InspectionRecord | undefined,
): Promise<Draft | null> {
  // What is unsent here goes before what the server knows.
  if (record && (record.revision >= one.revision || record.state === "saved")) {
    return amendmentOf(db, record);
  }
  const payload = payloadOf(one);
  if (!payload) return record ? amendmentOf(db, record) : null;
  await keepElsewhere(db, one, payload.photos);
  return draftFromPayload(one.taskId, payload, one.revision);
}

/** Notes photos whose bytes are with the server alone, so that the amendment goes on naming them. */
async function keepElsewhere(
  db: UserDatabase,
  one: Returned,
  photos: readonly PhotoManifest[],
): Promise<void> {
  const known = new Set(
    (await db.photos.bulkGet(photos.map((photo) => photo.id))).flatMap((photo) => photo?.id ?? []),
  );
  const rows = photos.filter((photo) => !known.has(photo.id)).map((photo): PhotoInfo => ({
    ...photo,
    task_id: one.taskId,
    uid: one.inspectionUid,
    state: "elsewhere",
    type: "image/jpeg",
    code: "",
    attempts: 0,
    next_try_at: 0,
  }));
  await db.photos.bulkPut(rows);
}

/**
 * Drops the draft of an amendment in which nothing was touched: somebody only looked at it.
 *
 * @throws NotSavedError
 */
export function dropUntouched(db: UserDatabase, taskId: number): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.drafts, async () => {
      const draft = await db.drafts.get(taskId);
      if (draft && draft.amends !== null && draft.version === 0) await db.drafts.delete(taskId);
    }),
  );
}

/** The photos of inspections that this phone doesn't hold and was asked to amend. */
export async function returnedPictures(db: UserDatabase): Promise<string[]> {
  const all = await returnedToMe(db);
  const records = await db.records.bulkGet(all.map((one) => one.inspectionUid));
  const strange = all.filter((_, place) => !records[place]);
  return strange.flatMap((one) => payloadOf(one)?.photos.map((photo) => photo.id) ?? []);
}
