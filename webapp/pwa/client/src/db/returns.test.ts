import "fake-indexeddb/auto";
import Dexie from "dexie";
import { beforeEach, expect, test } from "vitest";
import type { InspectionPayload, PullAnswer } from "../api/wire";
import { discardDraft, restoreDraft, saveDraft } from "./drafts";
import { amendInspection, finishInspection, undoFinish } from "./finish";
import { home, room } from "./home";
import { keepPhoto, removePhoto } from "./photos";
import { applyPull } from "./pulled";
import { tidy } from "./retention";
import { beginAnswer, dropUntouched, payloadOf, returnedLines, returnedPictures } from "./returns";
import { databaseName, type UserDatabase } from "./schema";
import { task } from "./task";
import { emptyDatabase, firstPull, somePhoto } from "./testing";
import { keepThumbs, picturesWanted } from "./thumbs";

const WHOLE = { item: null, finding: null, open_item: null };
let db: UserDatabase;
let head = 41;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
  await pull({ people: [{ id: 8, name: "王建国", name_en: "Wang", role: "project_manager" }] });
});

function pull(rows: object, gone: object = {}): Promise<void> {
  return applyPull(db, {
    ...firstPull({ full: false, head: ++head }),
    rows: rows as PullAnswer["rows"],
    gone: gone as PullAnswer["gone"],
  });
}

/** An inspection of task 1 that is finished and with the server. */
async function inspected(): Promise<InspectionPayload> {
  await saveDraft(db, 1, { answers: { power: { value: "pass" }, lamp_hours: { value: 500 } } });
  await keepPhoto(db, 1, { ...WHOLE, item: "overview" }, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  const record = (await db.records.get(uid))!;
  await db.records.update(uid, { state: "accepted", acknowledged_at: "2026-11-03T02:00:00Z" });
  await db.outbox.where("uid").equals(uid).modify({ state: "done", result: "applied", undo: null });
  await db.photos.where("uid").equals(uid).modify({ state: "sent" });
  return record.payload;
}

function answer(payload: InspectionPayload, change: object = {}) {
  return {
    id: 12,
    task_id: 1,
    inspection_uid: payload.uid,
    author_id: 1,
    revision: 1,
    item: "lamp_hours",
    remark: "与照片不符",
    returned_by_id: 8,
    returned_at: "2026-11-04T01:00:00Z",
    payload: JSON.stringify(payload),
    ...change,
  };
}

function photo(payload: InspectionPayload, change: object = {}) {
  const { revision, remark, ...rest } = answer(payload);
  const id = payload.photos[0]!.id;
  return { ...rest, id, item: "overview", remark: "太暗", revision, marks: [], ...change };
}

const keys = async () => (await returnedLines(db)).map((one) => one.key);

test("answers and photos that were sent back stand together, with the words and what was said", async () => {
  const payload = await inspected();
  await pull({
    returned_answers: [answer(payload)],
    returned_photos: [photo(payload, { returned_at: "2026-11-03T23:00:00Z" })],
  });
  const [first, second] = (await home(db)).returned;
  expect([first!.pictured, second!.pictured]).toEqual([true, false]);
  expect([first!.kind, second!.kind]).toEqual(["photo", "answer"]);
  expect(second).toMatchObject({
    key: "answer-12",
    remark: "与照片不符",
    device: { name: "投影机 A" },
    checked: { zh: "灯泡时数" },
    by: { name: "王建国" },
    before: { value: 500 },
  });
  expect((await room(db, 1))!.devices[0]!.returned).toBe(2);
  expect((await task(db, 1))!.returned).toHaveLength(2);
  expect((await task(db, 2))!.returned).toHaveLength(0);
});

test("it leaves the list with the amendment, also offline, and comes back when that is undone", async () => {
  const payload = await inspected();
  await pull({ returned_answers: [answer(payload)] });
  const [line] = await returnedLines(db);
  const draft = (await beginAnswer(db, line!))!;
  expect(draft).toMatchObject({ uid: payload.uid, amends: 1, version: 0 });
  expect(draft.answers["lamp_hours"]!.value).toBe(500);
  expect(await keys()).toEqual(["answer-12"]);
  await saveDraft(db, 1, { answers: { lamp_hours: { value: 520 } } });
  await finishInspection(db, 1);
  expect(await keys()).toEqual([]);
  expect(await undoFinish(db, payload.uid)).toBe(true);
  expect(await keys()).toEqual(["answer-12"]);
  await finishInspection(db, 1);
  const [operation] = await db.outbox.where("state").equals("waiting").toArray();
  expect(operation).toMatchObject({ kind: "amendment", uid: payload.uid });
  const sent = JSON.parse(operation!.payload) as InspectionPayload;
  expect(sent.readings.find((one) => one.item === "lamp_hours")!.value).toBe(520);
  expect(sent.photos).toEqual(payload.photos);
  await pull({}, { returned_answers: [12] });
  expect(await db.returned_answers.count()).toBe(0);
});

test("a correction asks about what was left, and not about what its own record has opened", async () => {
  const payload = await inspected();
  const left = { room_id: 1, device_id: 1, severity: 2, opened_uid: "0190a000-0000-7000-8000-00000000beef" };
  const own = { ...left, opened_uid: payload.uid, item: "lamp_hours" };
  await pull({
    returned_answers: [answer(payload)],
    open_items: [
      { ...left, id: 21, number: 21, opened_month: "2026-10" },
      { ...own, id: 22, number: 22, opened_month: "2026-11" },
    ],
  });
  await beginAnswer(db, (await returnedLines(db))[0]!);
  expect((await task(db, 1))!.openItems.map((one) => one.row.number)).toEqual([21]);
  await discardDraft(db, 1);
  expect((await task(db, 1))!.openItems).toHaveLength(2);
});

test("sent back again, it is there again", async () => {
  const payload = await inspected();
  await amendInspection(db, payload.uid);
  await finishInspection(db, 1);
  await pull({ returned_answers: [answer(payload), answer(payload, { id: 13, revision: 2 })] });
  expect(await keys()).toEqual(["answer-13"]);
});

test("a photo leaves when it was taken anew, not while its record is behind the server's", async () => {
  const payload = await inspected();
  await pull({ returned_photos: [photo(payload)] });
  expect(await keys()).toEqual([`photo-${payload.photos[0]!.id}`]);
  const [line] = await returnedLines(db);
  await beginAnswer(db, line!);
  await removePhoto(db, line!.photoId!);
  await keepPhoto(db, 1, { ...WHOLE, item: "overview" }, somePhoto(2));
  await finishInspection(db, 1);
  expect(await keys()).toEqual([]);
  // Another phone of the same engineer took one that this record does not list.
  const elsewhere = { id: "0190a000-0000-7000-8000-00000000beef", revision: 3 };
  await pull({ returned_photos: [photo(payload, elsewhere)] });
  expect(await keys()).toEqual([`photo-${elsewhere.id}`]);
});

test("whoever took the room over amends what his phone never held, and drops no photo of it", async () => {
  const payload = await inspected();
  const other = await emptyDatabase(2);
  await applyPull(other, firstPull());
  db = other;
  const sparse = { ...payload, readings: [{ item: "power", value: "pass", verdict: "normal" }] };
  const text = JSON.stringify({ ...sparse, remark: undefined, exception: undefined, findings: undefined });
  await pull({ returned_answers: [answer(payload, { item: null, payload: text })] });
  expect(await picturesWanted(db)).toEqual([payload.photos[0]!.id]);
  await keepThumbs(db, [[payload.photos[0]!.id, new Blob(["x"])]]);
  const [line] = await returnedLines(db);
  const draft = (await beginAnswer(db, line!))!;
  expect(draft).toMatchObject({ uid: payload.uid, amends: 1, remark: "", findings: [] });
  await db.putMeta("server_time", "2026-11-05T00:00:00Z");
  await tidy(db);
  expect(await db.thumbs.count()).toBe(1);
  expect((await task(db, 1))!.photos.map((one) => one.state)).toEqual(["elsewhere"]);
  await saveDraft(db, 1, { remark: "已核对" });
  await finishInspection(db, 1);
  const record = (await db.records.get(payload.uid))!;
  expect(record).toMatchObject({ revision: 2, payload: { amends: 1, remark: "已核对" } });
  expect(record.payload.photos).toEqual(payload.photos);
  expect(await keys()).toEqual([]);
  await undoFinish(db, payload.uid);
  expect(await keys()).toEqual(["answer-12"]);
  // Given up, nothing of it stays behind.
  const gone = await discardDraft(db, 1);
  await tidy(db);
  // Brought back, it names its photo still.
  await restoreDraft(db, gone!);
  expect((await task(db, 1))!.photos.map((one) => one.state)).toEqual(["elsewhere"]);
  await discardDraft(db, 1);
  await db.photos.toCollection().modify({ removed_at: new Date(Date.now() - 3_700_000).toISOString() });
  await tidy(db);
  expect(await db.photos.count()).toBe(0);
});

test("what another phone has sent since is amended, not an older copy of it", async () => {
  const payload = await inspected();
  const later = { ...payload, amends: 1, remark: "从另一部手机更正" };
  await pull({ returned_answers: [answer(later, { revision: 2 })] });
  const [line] = await returnedLines(db);
  expect(await beginAnswer(db, line!)).toMatchObject({ amends: 2, remark: "从另一部手机更正" });
});

test("an inspection under way is not mixed up with the one that was sent back", async () => {
  const payload = await inspected();
  const other = await emptyDatabase(2);
  await applyPull(other, firstPull());
  db = other;
  await saveDraft(db, 1, { remark: "自己的" });
  await pull({ returned_answers: [answer(payload)] });
  const [line] = await returnedLines(db);
  expect(await beginAnswer(db, line!)).toBeNull();
  expect(await db.drafts.get(1)).toMatchObject({ remark: "自己的", amends: null });
});

test("who has only looked leaves no draft behind, who has touched something does", async () => {
  const payload = await inspected();
  await pull({ returned_answers: [answer(payload)] });
  const [line] = await returnedLines(db);
  await beginAnswer(db, line!);
  await dropUntouched(db, 1);
  expect(await db.drafts.count()).toBe(0);
  await beginAnswer(db, line!);
  await saveDraft(db, 1, { remark: "看过" });
  await dropUntouched(db, 1);
  expect(await db.drafts.count()).toBe(1);
});

test("rows that an older version of the app has kept are shown as they are", async () => {
  const payload = await inspected();
  const id = payload.photos[0]!.id;
  await db.returned_photos.put({ id, task_id: 1, inspection_uid: payload.uid, author_id: 1 } as never);
  const [line] = await returnedLines(db);
  expect(line).toMatchObject({ key: `photo-${id}`, at: "", payload: "", before: null });
  expect(await beginAnswer(db, line!)).toMatchObject({ amends: 1 });
  expect(payloadOf({ payload: "{" })).toBeNull();
  expect(await returnedPictures(db)).toEqual([]);
});

test("the first version's database takes the new table up, and asks the server for everything", async () => {
  const name = databaseName(1, "OLD");
  const old = new Dexie(name);
  old.version(1).stores({ meta: "key", drafts: "task_id", records: "uid, task_id, round_id, state" });
  await old.open();
  await old.table("meta").bulkPut([{ key: "cursor", value: 40 }, { key: "epoch", value: "e1" }]);
  await old.table("drafts").put({ task_id: 1, uid: "u", version: 3 });
  old.close();
  const { UserDatabase: Now } = await import("./schema");
  const upgraded = new Now(1, "OLD");
  await upgraded.open();
  expect(await upgraded.getMeta("cursor")).toBeUndefined();
  expect(await upgraded.getMeta("epoch")).toBe("e1");
  expect(await upgraded.drafts.count()).toBe(1);
  expect(await upgraded.returned_answers.count()).toBe(0);
  upgraded.close();
});
