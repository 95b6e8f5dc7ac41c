/**
 * Finishing an inspection: record, photo manifest and outbox entry in ONE strict transaction.
 * Whoever awaits these functions may say "saved" when they answer, and not before.
 */
import type { ExceptionPayload, InspectionPayload, TaskRow } from "../api/wire";
import { amendmentOf, draftOf, lastRecord, merge } from "./drafts";
import { checklistOf } from "./due";
import { isoNow, sha256Hex, uuidv7 } from "./ids";
import { write } from "./open";
import { settleRecord } from "./outbox";
import { buildPayload, withException, type Judged } from "./payload";
import type { UserDatabase } from "./schema";
import type { Draft, InspectionRecord, Operation, PhotoInfo, PhotoState } from "./types";

/** How long a finished inspection may be undone, and is not sent: as long as its toast is up. */
export const UNDO_MS = 8_000;
const ENVELOPE_VERSION = 1;
const ATTEMPTS = 5;

export interface Finished {
  uid: string;
  taskId: number;
  judged: Judged;
}

interface Prepared extends Finished {
  draft: Draft;
  /** Whether the draft is on the disk, and must still be the same when it is finished. */
  stored: boolean;
  record: InspectionRecord;
  operation: Operation;
}

/** The draft has changed between reading and writing: a touch in another tab. */
class DraftChanged extends Error {}

function changed(error: unknown): boolean {
  const inner = (error as { inner?: unknown } | null)?.inner;
  return error instanceof DraftChanged || inner instanceof DraftChanged;
}

/**
 * Finishes the task's draft: resolves once record, manifest and envelope are on the disk.
 *
 * @throws NotSavedError, and the draft is as it was.
 */
export async function finishInspection(db: UserDatabase, taskId: number): Promise<Finished> {
  const [finished] = await finishAll(db, [taskId], (draft) => draft);
  if (!finished) throw new Error(`task ${taskId} is finished already`);
  return finished;
}

/**
 * Finishes tasks as not tested for one reason: a device, or a whole room at once. What had been
 * answered before goes along; tasks that are finished already stay so. All or none is saved.
 *
 * @throws NotSavedError
 */
export function finishWithException(
  db: UserDatabase,
  taskIds: readonly number[],
  exception: ExceptionPayload,
): Promise<Finished[]> {
  return finishAll(db, taskIds, (draft) => withException(draft, exception));
}

/**
 * Finishes tasks at once with the answers that are given for each, as "all OK" for a room.
 *
 * @throws NotSavedError
 */
export function finishWith(
  db: UserDatabase,
  changes: ReadonlyMap<number, Parameters<typeof merge>[1]>,
): Promise<Finished[]> {
  return finishAll(db, [...changes.keys()], (draft) => merge(draft, changes.get(draft.task_id)!));
}

async function finishAll(
  db: UserDatabase,
  taskIds: readonly number[],
  change: (draft: Draft) => Draft,
): Promise<Finished[]> {
  let prepared: Prepared[] = [];
  return write(db, async () => {
    // After a lost connection the first try may have been kept all the same.
    if (!(await areStored(db, prepared))) {
      for (let attempt = 1; ; attempt++) {
        prepared = await prepareAll(db, taskIds, change);
        if (await storeAll(db, prepared, attempt === ATTEMPTS)) break;
      }
    }
    return prepared.map(({ uid, taskId, judged }) => ({ uid, taskId, judged }));
  });
}

async function areStored(db: UserDatabase, prepared: readonly Prepared[]): Promise<boolean> {
  const first = prepared[0];
  return first !== undefined && (await db.outbox.get(first.operation.id)) !== undefined;
}

async function prepareAll(
  db: UserDatabase,
  taskIds: readonly number[],
  change: (draft: Draft) => Draft,
): Promise<Prepared[]> {
  const prepared = await Promise.all(taskIds.map((id) => prepare(db, id, change)));
  return prepared.filter((one) => one !== null);
}

async function storeAll(db: UserDatabase, prepared: Prepared[], last: boolean): Promise<boolean> {
  try {
    await store(db, prepared);
    return true;
  } catch (error) {
    if (!changed(error) || last) throw error;
    return false;
  }
}

/** Everything that takes time, before the transaction: a digest would end it. */
async function prepare(
  db: UserDatabase,
  taskId: number,
  change: (draft: Draft) => Draft,
): Promise<Prepared | null> {
  const stored = await db.drafts.get(taskId);
  if (!stored && (await lastRecord(db, taskId))) return null;
  const found = stored ?? (await draftOf(db, taskId));
  const draft = change(found);
  const task = await taskOf(db, taskId);
  const photos = await photosOf(db, draft);
  const now = isoNow();
  const due = await checklistOf(db, task, draft.checklist);
  const { payload, judged } = buildPayload(draft, task, photos, due, now);
  const before = (await db.records.get(draft.uid)) ?? null;
  const operation = await envelope(payload, { draft: found, record: before });
  const record = recordOf(task, payload, judged, before, operation.id, now);
  return { uid: draft.uid, taskId, judged, draft: found, stored: !!stored, record, operation };
}

async function taskOf(db: UserDatabase, taskId: number): Promise<TaskRow> {
  const task = await db.tasks.get(taskId);
  if (!task) throw new Error(`task ${taskId} is not on this phone`);
  return task;
}

async function photosOf(db: UserDatabase, draft: Draft): Promise<PhotoInfo[]> {
  const rows = await db.photos.bulkGet(draft.photo_ids);
  return rows.filter((row) => row !== undefined);
}

async function envelope(payload: InspectionPayload, undo: Operation["undo"]): Promise<Operation> {
  const text = JSON.stringify(payload, (_, value: unknown) => sendable(value));
  return operationOf(payload.amends === null ? "inspection" : "amendment", payload.uid, text, undo);
}

/** Without NUL and halves of characters, which a keyboard can leave behind and no server takes. */
export function sendable(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value.replace(/\u0000|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) =>
    found.length === 2 ? found : "",
  );
}

/**
 * An envelope of the outbox; its payload is a text, so that both sides hash the same bytes.
 *
 * @param holdMs how long it may be undone, and is not sent
 */
export async function operationOf(
  kind: string,
  uid: string,
  payload: string,
  undo: Operation["undo"] = null,
  holdMs = undo ? UNDO_MS : 0,
): Promise<Operation> {
  const now = Date.now();
  return {
    id: uuidv7(),
    kind,
    version: ENVELOPE_VERSION,
    payload,
    hash: await sha256Hex(payload),
    uid,
    state: "waiting",
    made_at: now,
    hold_until: holdMs > 0 ? now + holdMs : 0,
    attempted_at: null,
    attempts: 0,
    result: "",
    code: "",
    undo,
  };
}

function recordOf(
  task: TaskRow,
  payload: InspectionPayload,
  judged: Judged,
  before: InspectionRecord | null,
  operationId: string,
  now: string,
): InspectionRecord {
  return {
    uid: payload.uid,
    task_id: task.id,
    round_id: task.round_id,
    room_id: task.room_id,
    device_id: task.device_id,
    payload,
    verdict: judged.verdict,
    revision: (payload.amends ?? 0) + 1,
    state: "saved",
    code: "",
    detail: {},
    operation_ids: [...(before?.operation_ids ?? []), operationId],
    saved_at: now,
    acknowledged_at: null,
  };
}

function store(db: UserDatabase, prepared: readonly Prepared[]): Promise<void> {
  return db.transaction("rw", db.drafts, db.records, db.photos, db.outbox, async () => {
    for (const one of prepared) await storeOne(db, one);
  });
}

async function storeOne(db: UserDatabase, one: Prepared): Promise<void> {
  const now = await db.drafts.get(one.taskId);
  const same = one.stored ? now?.version === one.draft.version && now.uid === one.uid : !now;
  if (!same) throw new DraftChanged("draft changed");
  await db.records.put(one.record);
  await listPhotos(db, one);
  await db.outbox.put(one.operation);
  await db.drafts.delete(one.taskId);
}

const UNSENT: ReadonlySet<PhotoState> = new Set(["waiting", "refused", "damaged", "gone"]);

/** What the manifest lists will be sent; what an amendment left out will not. */
async function listPhotos(db: UserDatabase, one: Prepared): Promise<void> {
  const listed = new Set(one.record.payload.photos.map((photo) => photo.id));
  const held = await db.photos.where("uid").equals(one.uid).toArray();
  for (const photo of held) {
    const wanted = listed.has(photo.id);
    if (wanted && (photo.state === "draft" || photo.state === "withdrawn")) {
      await db.photos.update(photo.id, { state: "waiting" });
    }
    if (!wanted && UNSENT.has(photo.state)) {
      await db.photos.update(photo.id, { state: "withdrawn" });
    }
  }
}

/**
 * Takes a finished inspection back into its draft, as long as it has not left the phone.
 *
 * @returns whether it could
 * @throws NotSavedError
 */
export function undoFinish(db: UserDatabase, uids: string | readonly string[]): Promise<boolean> {
  const wanted = typeof uids === "string" ? [uids] : uids;
  return write(db, () =>
    db.transaction("rw", [db.drafts, db.records, db.photos, db.outbox, db.self_checks], async () => {
      const operations = await Promise.all(wanted.map((uid) => undoable(db, uid)));
      if (operations.some((operation) => !operation)) return false;
      for (const operation of operations) await undoOne(db, operation!);
      return true;
    }),
  );
}

async function undoable(db: UserDatabase, uid: string): Promise<Operation | null> {
  const record = await db.records.get(uid);
  const last = record?.operation_ids.at(-1);
  const operation = last ? await db.outbox.get(last) : undefined;
  const free = operation?.state === "waiting" && operation.attempted_at === null;
  // A correction that was begun since is not to be overwritten.
  if (!free || !operation.undo || (await db.drafts.get(record!.task_id))) return null;
  return operation;
}

async function undoOne(db: UserDatabase, operation: Operation): Promise<void> {
  const { draft, record } = operation.undo!;
  const before = new Set(record?.payload.photos.map((photo) => photo.id) ?? []);
  for (const photo of await db.photos.where("uid").equals(operation.uid).toArray()) {
    const fresh = photo.state === "waiting" && !before.has(photo.id);
    if (fresh) await db.photos.update(photo.id, { state: "draft" });
    const back = photo.state === "withdrawn" && before.has(photo.id);
    if (back) await db.photos.update(photo.id, { state: "waiting" });
  }
  await dropSignatures(db, operation.uid);
  await db.drafts.put(draft);
  await db.outbox.delete(operation.id);
  if (record) await putBack(db, record);
  else await db.records.delete(operation.uid);
}

/**
 * An unsent signature over what is taken back goes with it: finished anew, the same revision may
 * say something that nobody has signed.
 */
async function dropSignatures(db: UserDatabase, uid: string): Promise<void> {
  const revision = (await db.records.get(uid))?.revision;
  const saved = await db.self_checks.where("state").equals("saved").toArray();
  for (const check of saved) {
    const over = check.payload.inspections.some((one) => one.uid === uid && one.revision === revision);
    const operation = over ? await db.outbox.get(check.operation_id) : undefined;
    if (!operation || operation.attempted_at !== null) continue;
    await db.outbox.delete(operation.id);
    await db.self_checks.delete(check.uid);
  }
}

/** The server may have answered for what was sent before, while the amendment stood. */
async function putBack(db: UserDatabase, before: InspectionRecord): Promise<void> {
  const now = await db.records.get(before.uid);
  const answered = now?.acknowledged_at ? now : before;
  const { acknowledged_at, code, detail } = answered;
  await db.records.put({ ...before, acknowledged_at, code, detail });
  await settleRecord(db, before.uid);
}

/**
 * Begins an amendment: a draft that holds all the record said, and names the revision it amends.
 * A draft that is under way for the task already is left as it is.
 *
 * @throws NotSavedError
 */
export function amendInspection(db: UserDatabase, uid: string): Promise<Draft> {
  return write(db, () =>
    db.transaction("rw", db.drafts, db.records, db.inspections, db.outbox, async () => {
      const record = await db.records.get(uid);
      if (!record) throw new Error(`inspection ${uid} is not on this phone`);
      const under = await db.drafts.get(record.task_id);
      if (under) return under;
      const draft = await amendmentOf(db, record);
      await db.drafts.put(draft);
      return draft;
    }),
  );
}
