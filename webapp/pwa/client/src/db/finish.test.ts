import "fake-indexeddb/auto";
import Dexie from "dexie";
import { beforeEach, expect, test, vi } from "vitest";
import { discardDraft, restoreDraft, saveDraft } from "./drafts";
import { NotSavedError } from "./errors";
import { amendInspection, finishInspection, finishWithException, undoFinish } from "./finish";
import { sha256Hex } from "./ids";
import { keepPhoto, removePhoto } from "./photos";
import { applyPull } from "./pulled";
import type { UserDatabase } from "./schema";
import { emptyDatabase, firstPull, somePhoto } from "./testing";

const WHOLE = { item: null, finding: null, open_item: null };
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
});

async function answered(taskId = 1): Promise<void> {
  await saveDraft(db, taskId, { answers: { power: { value: "pass" }, lamp_hours: { value: 1200 } } });
}

test("finishing writes record, manifest and envelope, and takes the draft away", async () => {
  await answered();
  const photo = await keepPhoto(db, 1, { ...WHOLE, item: "lamp_hours" }, somePhoto(1));
  const { uid, judged } = await finishInspection(db, 1);
  const record = await db.records.get(uid);
  const [operation] = await db.outbox.toArray();
  expect(judged.verdict).toBe("normal");
  expect(record).toMatchObject({ state: "saved", revision: 1, verdict: "normal", task_id: 1 });
  expect(operation).toMatchObject({ kind: "inspection", version: 1, uid, state: "waiting" });
  expect(operation!.hash).toBe(await sha256Hex(operation!.payload));
  expect(JSON.parse(operation!.payload)).toEqual(record!.payload);
  expect(record!.payload.photos).toEqual([
    expect.objectContaining({ id: photo.id, sha256: photo.sha256, bytes: 2000, item: "lamp_hours" }),
  ]);
  expect((await db.photos.get(photo.id))!.state).toBe("waiting");
  expect(await db.drafts.count()).toBe(0);
});

test("a transaction that aborts leaves the draft and nothing else", async () => {
  await answered();
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const draft = await db.drafts.get(1);
  vi.spyOn(db.outbox, "put").mockImplementation(() => Dexie.Promise.reject(new Error("killed")) as never);
  await expect(finishInspection(db, 1)).rejects.toThrow(NotSavedError);
  expect(await db.drafts.get(1)).toEqual(draft);
  expect(await db.records.count()).toBe(0);
  expect(await db.outbox.count()).toBe(0);
  expect((await db.photos.get(photo.id))!.state).toBe("draft");
});

test("a full store says that nothing was saved, and keeps what was there", async () => {
  await answered();
  const draft = await db.drafts.get(1);
  vi.spyOn(db.blobs, "put").mockImplementation(
    () => Dexie.Promise.reject(new DOMException("full", "QuotaExceededError")) as never,
  );
  const failure = await keepPhoto(db, 1, WHOLE, somePhoto(1)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NotSavedError);
  expect((failure as NotSavedError).reason).toBe("full");
  expect(await db.drafts.get(1)).toEqual(draft);
  expect(await db.photos.count()).toBe(0);
});

test("a touch in another tab while finishing is not lost", async () => {
  await answered();
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  vi.spyOn(crypto.subtle, "digest").mockImplementationOnce(async (...args) => {
    await saveDraft(db, 1, { remark: "late" });
    return digest(...args);
  });
  const { uid } = await finishInspection(db, 1);
  expect((await db.records.get(uid))!.payload.remark).toBe("late");
  expect(await db.outbox.count()).toBe(1);
});

test("a commit whose answer was lost with the connection is not made twice", async () => {
  await answered();
  const transaction = db.transaction.bind(db);
  vi.spyOn(db, "transaction").mockImplementationOnce(((...args: never[]) =>
    (transaction as (...all: never[]) => Promise<unknown>)(...args).then(() => {
      throw new Dexie.UnknownError("Connection to Indexed Database server lost");
    })) as never);
  await finishInspection(db, 1);
  expect(await db.records.count()).toBe(1);
  expect(await db.outbox.count()).toBe(1);
});

test("a whole room is not testable in one transaction, and done tasks stay done", async () => {
  await answered(1);
  await finishInspection(db, 1);
  await saveDraft(db, 2, { answers: { power: { value: "pass" } } });
  const exception = { reason: "occupied", remark: "", revisit_on: "2026-11-08" };
  const finished = await finishWithException(db, [1, 2, 3], exception);
  expect(finished.map((one) => one.taskId)).toEqual([2, 3]);
  const records = await db.records.where("task_id").anyOf(2, 3).toArray();
  expect(records.map((record) => record.verdict)).toEqual(["not_tested", "not_tested"]);
  expect(records[0]!.payload.readings).toHaveLength(1);
  expect(records[1]!.payload).toMatchObject({ device_id: null, exception });
  expect(await db.outbox.count()).toBe(3);
});

test("undo brings the draft back until the record has left the phone", async () => {
  await answered();
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const draft = await db.drafts.get(1);
  const { uid } = await finishInspection(db, 1);
  expect(await undoFinish(db, uid)).toBe(true);
  expect(await db.drafts.get(1)).toEqual(draft);
  expect((await db.photos.get(photo.id))!.state).toBe("draft");
  expect((await db.records.count()) + (await db.outbox.count())).toBe(0);
  await finishInspection(db, 1);
  await db.outbox.toCollection().modify({ attempted_at: 1 });
  expect(await undoFinish(db, uid)).toBe(false);
  expect(await db.records.count()).toBe(1);
});

test("an amendment names the revision it amends, and drops what it leaves out", async () => {
  await answered();
  const first = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  const draft = await amendInspection(db, uid);
  expect(draft).toMatchObject({ uid, amends: 1, photo_ids: [first.id] });
  await removePhoto(db, first.id);
  const second = await keepPhoto(db, 1, WHOLE, somePhoto(2));
  await saveDraft(db, 1, { answers: { power: { value: "fail", cause: "age" } } });
  await finishInspection(db, 1);
  const record = await db.records.get(uid);
  const operations = await db.outbox.orderBy("id").toArray();
  expect(operations.map((one) => one.kind)).toEqual(["inspection", "amendment"]);
  expect(record).toMatchObject({ revision: 2, verdict: "abnormal" });
  expect(record!.payload).toMatchObject({ amends: 1, uid });
  expect((await db.photos.get(first.id))!.state).toBe("withdrawn");
  expect((await db.photos.get(second.id))!.state).toBe("waiting");
});

test("a touch after finishing begins an amendment, never a second inspection", async () => {
  await answered();
  const { uid } = await finishInspection(db, 1);
  const draft = await saveDraft(db, 1, { remark: "one more thing" });
  expect(draft).toMatchObject({ uid, amends: 1, remark: "one more thing" });
  expect(draft.answers["lamp_hours"]!.value).toBe(1200);
});

test("a discarded draft comes back with undo, its photos with it", async () => {
  await answered();
  await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const draft = await discardDraft(db, 1);
  expect(await db.drafts.count()).toBe(0);
  await restoreDraft(db, draft!);
  expect((await db.drafts.get(1))!.photo_ids).toHaveLength(1);
});

test("changes at the same moment are merged, not overwritten", async () => {
  await Promise.all([
    saveDraft(db, 1, { answers: { power: { value: "pass" } } }),
    saveDraft(db, 1, { answers: { lamp_hours: { value: 3 } } }),
    keepPhoto(db, 1, WHOLE, somePhoto(1)),
    saveDraft(db, 1, { add_dwell_seconds: 4.6 }),
  ]);
  const draft = await db.drafts.get(1);
  expect(Object.keys(draft!.answers).sort()).toEqual(["lamp_hours", "power"]);
  expect(draft).toMatchObject({ dwell_seconds: 5, version: 4 });
  expect(draft!.photo_ids).toHaveLength(1);
});
