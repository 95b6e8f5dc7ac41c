import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { InspectionPayload, PullAnswer } from "../api/wire";
import { amendmentOf, discardDraft, restoreDraft, saveDraft } from "./drafts";
import { amendInspection, finishInspection, undoFinish } from "./finish";
import { noteAnswers } from "./outbox";
import { keepPhoto, removePhoto, restorePhoto } from "./photos";
import { nextPhotos } from "./photo-queue";
import { applyPull } from "./pulled";
import { tidy } from "./retention";
import type { UserDatabase } from "./schema";
import { emptyDatabase, firstPull, somePhoto } from "./testing";
import type { PhotoInfo } from "./types";

const WHOLE = { item: null, finding: null, open_item: null };
const LONG_AGO = new Date(Date.now() - 7_200_000).toISOString();
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
});

/** A photo that was taken hours ago, as on a long round. */
async function oldPhoto(taskId: number, seed = 1): Promise<PhotoInfo> {
  const photo = await keepPhoto(db, taskId, WHOLE, somePhoto(seed));
  await db.photos.update(photo.id, { taken_at: LONG_AGO });
  return photo;
}

async function answer(result: "applied" | "quarantined", code = ""): Promise<void> {
  const last = (await db.outbox.orderBy("id").toArray()).at(-1)!;
  await noteAnswers(db, [{ id: last.id, hash: last.hash, result, code, detail: {} }], "2026-11-03T03:00:00Z");
}

const payloadOf = async (uid: string): Promise<InspectionPayload> => (await db.records.get(uid))!.payload;

test("a photo that was taken off comes back, however long ago it was taken", async () => {
  const photo = await oldPhoto(1);
  await removePhoto(db, photo.id);
  await tidy(db);
  await restorePhoto(db, photo.id);
  const { uid } = await finishInspection(db, 1);
  expect((await payloadOf(uid)).photos.map((one) => one.id)).toEqual([photo.id]);
  expect(await db.blobs.get(photo.id)).toBeDefined();
});

test("a discarded draft comes back with its photos, and is gone an hour later", async () => {
  const photo = await oldPhoto(1);
  const draft = await discardDraft(db, 1);
  await tidy(db);
  await restoreDraft(db, draft!);
  expect(await db.photos.get(photo.id)).toBeDefined();
  await discardDraft(db, 1);
  await db.photos.update(photo.id, { removed_at: LONG_AGO });
  await tidy(db);
  expect([await db.photos.get(photo.id), await db.blobs.get(photo.id)]).toEqual([undefined, undefined]);
});

test("a correction of what was quarantined says it anew, or amends what the server has", async () => {
  await saveDraft(db, 1, { remark: "one" });
  const { uid } = await finishInspection(db, 1);
  await answer("quarantined", "value_invalid");
  expect((await amendInspection(db, uid)).amends).toBeNull();
  await finishInspection(db, 1);
  const operations = await db.outbox.orderBy("id").toArray();
  expect(operations.map((one) => one.kind)).toEqual(["inspection", "inspection"]);
  await answer("applied");
  await saveDraft(db, 1, { remark: "two" });
  await finishInspection(db, 1);
  await answer("quarantined", "value_invalid");
  // The second was taken, the third not.
  expect((await amendmentOf(db, (await db.records.get(uid))!)).amends).toBe(1);
});

test("a photo that a quarantined correction left out is sent for the revision that the server has", async () => {
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  await answer("applied");
  await amendInspection(db, uid);
  await removePhoto(db, photo.id);
  await finishInspection(db, 1);
  expect((await db.photos.get(photo.id))!.state).toBe("withdrawn");
  await answer("quarantined", "value_invalid");
  expect((await nextPhotos(db, Date.now())).map((one) => one.id)).toEqual([photo.id]);
});

test("a correction that waits keeps no photo of what the server has", async () => {
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  await answer("applied");
  await amendInspection(db, uid);
  // A photo that the correction brings along is unknown to the server as yet.
  await keepPhoto(db, 1, WHOLE, somePhoto(2));
  await finishInspection(db, 1);
  expect((await nextPhotos(db, Date.now())).map((one) => one.id)).toEqual([photo.id]);
  await answer("applied");
  expect(await nextPhotos(db, Date.now())).toHaveLength(2);
});

test("an undo doesn't overwrite a correction that was begun since", async () => {
  const { uid } = await (await saveDraft(db, 1, { remark: "one" }), finishInspection(db, 1));
  await amendInspection(db, uid);
  await saveDraft(db, 1, { remark: "better" });
  expect(await undoFinish(db, uid)).toBe(false);
  expect((await db.drafts.get(1))!.remark).toBe("better");
});

test("photos and a draft follow their inspection to the task of the device that replaced its own", async () => {
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  await answer("applied");
  await amendInspection(db, uid);
  const rows = { tasks: [{ id: 11, round_id: 5, room_id: 1, device_id: 2, inspection_uid: uid, outcome: "normal" }] };
  const next = firstPull({ full: false, head: 41, rows: rows as unknown as PullAnswer["rows"] });
  await applyPull(db, next);
  expect((await db.drafts.get(11))!.uid).toBe(uid);
  expect(await db.drafts.get(1)).toBeUndefined();
  await removePhoto(db, photo.id);
  expect((await db.drafts.get(11))!.photo_ids).toEqual([]);
  await restorePhoto(db, photo.id);
  expect((await db.drafts.get(11))!.photo_ids).toEqual([photo.id]);
});
