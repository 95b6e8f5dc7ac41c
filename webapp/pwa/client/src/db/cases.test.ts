import "fake-indexeddb/auto";
import Dexie from "dexie";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { PullAnswer } from "../api/wire";
import { runSync } from "../sync/run";
import { FakeServer } from "../sync/testing";
import { caseDraft, draftKeyOf, keepCasePhoto, removeCasePhoto, saveCaseDraft } from "./casedrafts";
import { caseCounts, casesOfDevice, caseView, caseViews, declareFault, takeCaseStep, undoCaseWork } from "./cases";
import { NotSavedError } from "./errors";
import { sha256Hex } from "./ids";
import { noteAnswers, requeueOperations } from "./outbox";
import { nextPhotos } from "./photo-queue";
import { applyPull } from "./pulled";
import { tidy } from "./retention";
import { databaseName, UserDatabase } from "./schema";
import { task } from "./task";
import { emptyDatabase, firstPull, somePhoto } from "./testing";
import { unsentCount } from "./unsent";

const ME = 1;
const CASE = "0190a000-0000-7000-8000-000000000001";
const AT = "2026-11-03T01:00:00Z";
let db: UserDatabase;

const opened = { uid: CASE, step: "opened", after: "declared", at: AT };
const clock = { name: "response", state: "running", started_at: AT, due_at: "2026-11-03T02:00:00Z" };
const row = {
  uid: CASE,
  name: "F12",
  kind: "fault",
  state: "declared",
  title: "没有画面",
  opened_at: AT,
  severity: 2,
  room_id: 1,
  device_id: 1,
  clocks: [clock],
  timeline: [opened],
};

async function pull(rows: object, gone: object = {}): Promise<void> {
  await applyPull(db, firstPull({ full: false, rows, gone } as unknown as Partial<PullAnswer>));
}

/** The server's answer to what waits. */
async function answer(result: string, code = ""): Promise<void> {
  const waiting = await db.outbox.where("state").equals("waiting").toArray();
  const answers = waiting.map(({ id, hash }) => ({ id, hash, result, code, detail: {} }));
  await noteAnswers(db, answers as never, "2026-11-03T03:00:00Z");
}

beforeEach(async () => {
  db = await emptyDatabase(ME);
  await applyPull(db, firstPull());
  await pull({ people: [{ id: ME, name: "张", name_en: "Zhang", role: "inspection_engineer" }], cases: [row] });
});

test("what is over is told at its device alone, until the server says that it was inspected", async () => {
  const done = { uid: "0190a000-0000-7000-8000-0000000000ff", step: "solve", after: "solved", at: "2026-11-03T04:00:00Z" };
  await pull({ cases: [{ ...row, state: "closed", clocks: [], timeline: [done], done_at: done.at }] });
  expect(await caseViews(db)).toEqual([]);
  expect((await caseCounts(db)).all).toBe(0);
  expect(await casesOfDevice(db, 1)).toMatchObject([{ uid: CASE, state: "closed", doneAt: done.at }]);
  expect((await task(db, 1))!.cases).toBe(1);
  await pull({}, { cases: [CASE] });
  expect(await casesOfDevice(db, 1)).toEqual([]);
});

describe("without a network", () => {
  test("a fault is taken over, reached, explained and solved, each with its envelope and its time", async () => {
    const before = Date.now();
    await takeCaseStep(db, CASE, "take_over", { text: " " });
    await takeCaseStep(db, CASE, "arrive", { code: "22222222" });
    await takeCaseStep(db, CASE, "explain", { cause: "灯泡 \u0000烧毁", plan: "更换" });
    const uid = await takeCaseStep(db, CASE, "solve", { cause: "灯泡烧毁", solution: "已更换", part: "" });
    const operations = await db.outbox.toArray();
    expect(operations.map((one) => one.kind)).toEqual(Array(4).fill("case_step"));
    const payloads = operations.map((one) => JSON.parse(one.payload));
    expect(payloads.map((one) => [one.case, one.step])).toEqual([
      [CASE, "take_over"],
      [CASE, "arrive"],
      [CASE, "explain"],
      [CASE, "solve"],
    ]);
    expect(payloads[0].fields).toEqual({});
    expect(payloads[2].fields.cause).toBe("灯泡 烧毁");
    expect(payloads[3]).toMatchObject({ uid, fields: { cause: "灯泡烧毁", solution: "已更换" } });
    for (const one of payloads) expect(Date.parse(one.at)).toBeGreaterThanOrEqual(before);
    for (const one of operations) expect(one.hash).toBe(await sha256Hex(one.payload));
    const view = (await caseView(db, CASE))!;
    expect(view).toMatchObject({ name: "F12", state: "solved", mine: true, unsent: true, stopped: false });
    expect(view.lines.map((line) => line.after)).toEqual(["declared", "taken", "on_site", "explained", "solved"]);
    expect(view.clocks[0]!.ended_at).toBe(payloads[1].at);
    expect(await unsentCount(db)).toMatchObject({ records: 4 });
  });

  test("a fault is declared, and handled before the server has heard of it", async () => {
    await saveCaseDraft(db, "declare/1", { title: "没有声音" });
    const { uid: typed } = (await caseDraft(db, "declare/1"))!;
    const fault = { title: "  没有\n声音 ", text: "", severity: 3, deviceId: 2, inspection: "i", item: "power" };
    const uid = await declareFault(db, fault, "declare/1");
    expect(uid).toBe(typed);
    expect(await caseDraft(db, "declare/1")).toBeNull();
    await takeCaseStep(db, uid, "take_over", {});
    const view = (await caseView(db, uid))!;
    expect(view).toMatchObject({ name: null, title: "没有 声音", state: "taken", mine: true });
    expect([view.device?.id, view.room?.id]).toEqual([2, 1]);
    expect((await caseViews(db)).map((one) => one.uid)).toEqual([uid, CASE]);
    expect(await caseCounts(db)).toMatchObject({ mine: 1, all: 2, stopped: 0 });
  });

  test("a case is found by the name that people call it by, with what was done here", async () => {
    await takeCaseStep(db, CASE, "take_over", {});
    expect(await caseView(db, row.name)).toEqual(await caseView(db, CASE));
    expect((await caseView(db, row.name))!.lines.at(-1)!.step).toBe("take_over");
    expect(await caseView(db, "F999")).toBeNull();
  });

  test("nothing is taken that can't be, or lacks what it asks for", async () => {
    await expect(takeCaseStep(db, CASE, "explain", { cause: "a", plan: "b" })).rejects.toThrow();
    await expect(takeCaseStep(db, CASE, "note", { text: " " })).rejects.toThrow();
    await expect(declareFault(db, { title: " ", text: "", severity: 3 }, "declare/")).rejects.toThrow();
    expect(await db.outbox.count()).toBe(0);
  });

  test("a full store keeps nothing of a step, and what was typed stays", async () => {
    const key = draftKeyOf(CASE, "take_over");
    await saveCaseDraft(db, key, { text: "马上到" });
    const quota = new DOMException("full", "QuotaExceededError");
    const put = vi.spyOn(db.outbox, "put").mockImplementation(() => Dexie.Promise.reject(quota) as never);
    await expect(takeCaseStep(db, CASE, "take_over", { text: "马上到" })).rejects.toThrow(NotSavedError);
    put.mockRestore();
    expect([await db.case_works.count(), await db.outbox.count()]).toEqual([0, 0]);
    expect((await caseDraft(db, key))!.values).toEqual({ text: "马上到" });
  });

  test("the last thing that was done is taken back, as long as it has not left", async () => {
    const first = await takeCaseStep(db, CASE, "take_over", {});
    const second = await takeCaseStep(db, CASE, "note", { text: "备件" });
    expect(await undoCaseWork(db, first)).toBe(false);
    expect(await undoCaseWork(db, second)).toBe(true);
    expect((await caseDraft(db, draftKeyOf(CASE, "note")))!.values).toEqual({ text: "备件" });
    await answer("applied");
    expect(await undoCaseWork(db, first)).toBe(false);
  });
});

describe("photos", () => {
  const key = draftKeyOf(CASE, "take_over");

  test("are on the disk when they are taken, listed with the step, and sent once the server has it", async () => {
    const first = await keepCasePhoto(db, key, somePhoto(1));
    const second = await keepCasePhoto(db, key, somePhoto(2));
    await removeCasePhoto(db, key, second.id);
    await tidy(db);
    const uid = await takeCaseStep(db, CASE, "take_over", {});
    const work = (await db.case_works.get(uid))!;
    expect(work.payload).toMatchObject({ photos: [{ id: first.id, sha256: first.sha256, bytes: 2000 }] });
    expect((await caseView(db, CASE))!.lines.at(-1)!.photos).toEqual([first.id]);
    expect(await nextPhotos(db, Date.now())).toEqual([]);
    expect(await unsentCount(db)).toMatchObject({ records: 1, photos: 1 });
    const server = new FakeServer();
    await runSync(db, server.fetch, { everything: true });
    expect([...server.photos.keys()]).toEqual([first.id]);
    expect((await db.photos.get(first.id))!.state).toBe("sent");
    expect(await unsentCount(db)).toMatchObject({ records: 0, photos: 0 });
  });

  test("come back with what was typed when the step is taken back", async () => {
    const photo = await keepCasePhoto(db, key, somePhoto(1));
    const uid = await takeCaseStep(db, CASE, "take_over", { text: "马上到" });
    expect(await undoCaseWork(db, uid)).toBe(true);
    expect(await caseDraft(db, key)).toMatchObject({ uid, values: { text: "马上到" }, photo_ids: [photo.id] });
    expect((await db.photos.get(photo.id))!.state).toBe("draft");
  });
});

describe("with the server's word", () => {
  test("what it took is its own from the next pull on, and is shown until then", async () => {
    const uid = await takeCaseStep(db, CASE, "take_over", {});
    await answer("applied");
    expect(await caseView(db, CASE)).toMatchObject({ state: "taken", unsent: false });
    const line = { uid, step: "take_over", before: "declared", after: "taken", at: AT, author_id: ME };
    await pull({ cases: [{ ...row, state: "taken", owner_id: ME, timeline: [opened, line] }] });
    const view = (await caseView(db, CASE))!;
    expect(view.lines.map((one) => one.uid)).toEqual([CASE, uid]);
    // A desk's later step isn't undone by what this phone did before.
    await pull({ cases: [{ ...row, state: "on_site", timeline: [opened] }] });
    expect((await caseView(db, CASE))!.state).toBe("on_site");
  });

  test("what it kept for a supervisor changes no state, and is told", async () => {
    await takeCaseStep(db, CASE, "take_over", {});
    await answer("quarantined", "step_not_now");
    const view = (await caseView(db, CASE))!;
    expect(view).toMatchObject({ state: "declared", stopped: true, unsent: false });
    expect(view.lines.at(-1)!.own).toMatchObject({ state: "quarantined", code: "step_not_now" });
    expect((await caseCounts(db)).stopped).toBe(1);
  });

  test("one that is over leaves the phone, but not before what was done with it is answered", async () => {
    await takeCaseStep(db, CASE, "take_over", {});
    await pull({}, { cases: [CASE] });
    expect((await caseViews(db)).length).toBe(1);
    await answer("applied");
    await pull({}, {});
    expect((await caseViews(db)).length).toBe(0);
    await tidy(db);
    expect(await db.case_works.count()).toBe(1);
    await db.putMeta("server_time", "2026-12-30T00:00:00Z");
    await tidy(db);
    expect([await db.case_works.count(), await db.outbox.count()]).toEqual([0, 0]);
  });

  test("a fault that was declared here and closed there doesn't come back", async () => {
    const uid = await declareFault(db, { title: "没有声音", text: "", severity: 3, roomId: 1 }, "declare/");
    await answer("applied");
    expect((await caseView(db, uid))!.state).toBe("declared");
    await pull({}, { cases: [uid] });
    expect(await caseView(db, uid)).toBeNull();
  });

  test("an older backup is offered it again", async () => {
    const uid = await takeCaseStep(db, CASE, "take_over", {});
    await answer("applied");
    await pull({});
    const [operation] = await db.outbox.toArray();
    expect(await requeueOperations(db, [operation!.id])).toBe(1);
    expect(await db.case_works.get(uid)).toMatchObject({ state: "saved", told: false });
  });

  test("a run of sync sends it in the order in which it was done", async () => {
    const server = new FakeServer();
    const uid = await declareFault(db, { title: "没有声音", text: "", severity: 3 }, "declare/");
    await takeCaseStep(db, uid, "take_over", {});
    await runSync(db, server.fetch, { everything: true });
    expect((await db.case_works.toArray()).map((one) => one.state)).toEqual(["accepted", "accepted"]);
    expect(await unsentCount(db)).toMatchObject({ records: 0 });
  });
});

test("a phone of before has its unsent work still, and asks for all cases", async () => {
  const name = databaseName(ME, "UPGRADED");
  const old = new Dexie(name);
  old.version(3).stores({ meta: "key", outbox: "id, uid, state", drafts: "task_id", photos: "id, task_id, uid, state" });
  await old.open();
  await old.table("meta").bulkPut([{ key: "cursor", value: 40 }, { key: "epoch", value: "e1" }]);
  await old.table("outbox").put({ id: "a", uid: "b", kind: "inspection", state: "waiting", payload: "{}" });
  old.close();
  const upgraded = new UserDatabase(ME, "UPGRADED");
  await upgraded.open();
  expect(await upgraded.outbox.get("a")).toMatchObject({ state: "waiting" });
  expect(await upgraded.getMeta("cursor")).toBeUndefined();
  expect(await upgraded.cases.count()).toBe(0);
  upgraded.close();
});
