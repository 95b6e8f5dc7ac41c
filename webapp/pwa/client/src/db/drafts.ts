/** Inspections under way: saved at every touch, one per task. */
import Dexie from "dexie";
import type { InspectionPayload } from "../api/wire";
import type { UserDatabase } from "./schema";
import { isoNow, uuidv7 } from "./ids";
import { write } from "./open";
import type { Answer, Draft, DraftPatch, InspectionRecord } from "./types";

const EMPTY_ANSWER: Answer = { value: null, cause: "", action: "", remark: "", fixed: false };

/**
 * Merges a change into the task's draft, which is begun with the first one. The answer is the
 * draft as it is now on the disk.
 *
 * @throws NotSavedError, and nothing of the change is kept.
 */
export function saveDraft(db: UserDatabase, taskId: number, patch: DraftPatch): Promise<Draft> {
  return write(db, () =>
    db.transaction("rw", draftTables(db), async () => {
      const draft = merge(await draftOf(db, taskId), patch);
      await db.drafts.put(draft);
      return draft;
    }),
  );
}

/**
 * Drops a draft with the photos that were taken for it. Of an amendment only the amendment goes.
 *
 * @returns the draft, for `restoreDraft` while the toast with its undo is up; null if there was none
 */
export function discardDraft(db: UserDatabase, taskId: number): Promise<Draft | null> {
  return write(db, () =>
    db.transaction("rw", db.drafts, db.photos, async () => {
      const draft = await db.drafts.get(taskId);
      await db.drafts.delete(taskId);
      await noteRemoved(db, draft?.photo_ids ?? []);
      return draft ?? null;
    }),
  );
}

/** Brings a discarded draft back, unless the task has a new one. */
export function restoreDraft(db: UserDatabase, draft: Draft): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.drafts, async () => {
      if (!(await db.drafts.get(draft.task_id))) await db.drafts.put(draft);
    }),
  );
}

/** From now on, and not from when they were taken, photos may be brought back for a while. */
export async function noteRemoved(db: UserDatabase, ids: readonly string[]): Promise<void> {
  await db.photos.where("id").anyOf(ids).modify({ removed_at: isoNow() });
}

/** The tables that `draftOf` reads or that its caller writes the draft to. */
export function draftTables(db: UserDatabase) {
  return [db.drafts, db.records, db.inspections, db.tasks, db.rounds, db.outbox];
}

/**
 * The task's draft; else one that amends what is finished already; else a new one. It is not
 * stored yet. Runs inside a transaction.
 */
export async function draftOf(db: UserDatabase, taskId: number): Promise<Draft> {
  const known = await db.drafts.get(taskId);
  if (known) return known;
  const record = await lastRecord(db, taskId);
  if (record) return amendmentOf(db, record);
  const task = await db.tasks.get(taskId);
  const round = task && (await db.rounds.get(task.round_id));
  if (!round) throw new Dexie.NotFoundError(`task ${taskId} is not on this phone`);
  return emptyDraft(taskId, round.checklist);
}

/** The task's latest inspection that was made on this phone. */
export async function lastRecord(
  db: UserDatabase,
  taskId: number,
): Promise<InspectionRecord | undefined> {
  const records = await db.records.where("task_id").equals(taskId).sortBy("saved_at");
  return records.at(-1);
}

/**
 * A draft that amends a finished inspection; it names the last revision that the server has. Where
 * it has none, for the first was quarantined, it says the inspection anew.
 */
export async function amendmentOf(db: UserDatabase, record: InspectionRecord): Promise<Draft> {
  const onServer = await db.inspections.get(record.uid);
  const revision = Math.max(await takenRevision(db, record), onServer?.revision ?? 0);
  return draftFromPayload(record.task_id, record.payload, revision > 0 ? revision : null);
}

/** The record's last revision that was not quarantined; what has no answer yet may still be taken. */
async function takenRevision(db: UserDatabase, record: InspectionRecord): Promise<number> {
  if (record.state !== "quarantined" && record.state !== "dismissed") return record.revision;
  const operations = await db.outbox.bulkGet(record.operation_ids);
  const taken = operations.filter((one) => one !== undefined && one.result !== "quarantined");
  const amends = taken.map((one) => (JSON.parse(one!.payload) as InspectionPayload).amends ?? 0);
  return Math.max(0, ...amends.map((one) => one + 1));
}

export function emptyDraft(taskId: number, checklist: number): Draft {
  const now = isoNow();
  return {
    task_id: taskId,
    uid: uuidv7(),
    checklist,
    started_at: now,
    version: 0,
    saved_at: now,
    amends: null,
    scanned_code: null,
    bulk_ok: false,
    dwell_seconds: 0,
    answers: {},
    remark: "",
    consumables: {},
    findings: [],
    open_items: {},
    photo_ids: [],
    exception: null,
  };
}

/** The draft with a change merged in; the draft itself is not touched. */
export function merge(draft: Draft, patch: DraftPatch): Draft {
  const { answers, consumables, open_items, add_dwell_seconds = 0, ...plain } = patch;
  return {
    ...draft,
    ...plain,
    answers: mergeByKey(draft.answers, answers, EMPTY_ANSWER),
    open_items: mergeByKey(draft.open_items, open_items, { answer: "still" as const, remark: "" }),
    consumables: mergeQuantities(draft.consumables, consumables),
    dwell_seconds: draft.dwell_seconds + Math.max(0, Math.round(add_dwell_seconds)),
    version: draft.version + 1,
    saved_at: isoNow(),
  };
}

function mergeByKey<Value extends object>(
  before: Record<string, Value>,
  changes: Record<string, Partial<Value> | null> | undefined,
  empty: Value,
): Record<string, Value> {
  const after = { ...before };
  for (const [key, change] of Object.entries(changes ?? {})) {
    if (change === null) delete after[key];
    else after[key] = { ...(after[key] ?? empty), ...change };
  }
  return after;
}

function mergeQuantities(
  before: Record<string, number>,
  changes: Record<string, number | null> | undefined,
): Record<string, number> {
  const after = { ...before };
  for (const [key, quantity] of Object.entries(changes ?? {})) {
    if (quantity === null || quantity <= 0) delete after[key];
    else after[key] = Math.round(quantity);
  }
  return after;
}

/** A draft that amends a finished inspection, holding all that it said. */
export function draftFromPayload(
  taskId: number,
  payload: InspectionPayload,
  amends: number | null,
): Draft {
  return {
    ...emptyDraft(taskId, payload.checklist),
    uid: payload.uid,
    started_at: payload.started_at || isoNow(),
    amends,
    scanned_code: payload.scanned_code,
    bulk_ok: payload.bulk_ok,
    dwell_seconds: payload.dwell_seconds,
    answers: answersOf(payload),
    remark: payload.remark,
    consumables: Object.fromEntries(payload.consumables.map((c) => [c.consumable, c.quantity])),
    findings: payload.findings,
    open_items: Object.fromEntries(
      payload.open_items.map(({ number, answer, remark }) => [number, { answer, remark }]),
    ),
    photo_ids: payload.photos.map((photo) => photo.id),
    exception: payload.exception,
  };
}

function answersOf(payload: InspectionPayload): Record<string, Answer> {
  return Object.fromEntries(
    payload.readings.map(({ item, value, cause, action, remark, fixed, bulk = false }) => [
      item,
      { value, cause, action, remark, fixed, bulk },
    ]),
  );
}
