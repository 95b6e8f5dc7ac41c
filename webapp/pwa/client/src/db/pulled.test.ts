import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { PullAnswer } from "../api/wire";
import { saveDraft } from "./drafts";
import { finishInspection } from "./finish";
import { home, room } from "./home";
import { openItemViews } from "./items";
import { noteAnswers } from "./outbox";
import { keepPhoto } from "./photos";
import { applyPull } from "./pulled";
import { tidy } from "./retention";
import type { UserDatabase } from "./schema";
import { recordScan, resolveLabel, searchDevices } from "./search";
import { syncState } from "./syncstate";
import { task } from "./task";
import { emptyDatabase, firstPull, LABEL, somePhoto } from "./testing";
import { picturesWanted, keepThumbs } from "./thumbs";
import type { Operation } from "./types";

const WHOLE = { item: null, finding: null, open_item: null };
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
});

function later(rows: object, gone: object = {}, change: Partial<PullAnswer> = {}): PullAnswer {
  const both = { rows: rows as PullAnswer["rows"], gone: gone as PullAnswer["gone"] };
  return firstPull({ full: false, head: 50, ...both, ...change });
}

test("defaults that the wire leaves out are there", async () => {
  expect(await db.devices.get(1)).toMatchObject({ maker: "", quantity: 1, warranty_until: null });
  expect(await db.tasks.get(3)).toMatchObject({ device_id: null, outcome: "todo", repeat: {}, previous: null });
  expect(await db.getMeta("cursor")).toBe(40);
});

test("a later pull changes rows, drops what is gone, and leaves the phone's own work alone", async () => {
  await saveDraft(db, 1, { remark: "mine" });
  await saveDraft(db, 2, { answers: { power: { value: "fail" } } });
  const { uid } = await finishInspection(db, 2);
  const tasks = [{ id: 2, round_id: 5, room_id: 1, device_id: 2, outcome: "normal" }];
  await applyPull(db, later({ tasks, devices: [{ id: 1, room_id: 1, type: "projector", name: "renamed" }] }, { open_items: [9] }));
  expect((await db.drafts.get(1))!.remark).toBe("mine");
  expect((await db.records.get(uid))!.state).toBe("saved");
  expect((await db.devices.get(1))!.name).toBe("renamed");
  expect(await db.open_items.count()).toBe(0);
  // Another's "normal" does not hide this phone's own unsent "abnormal".
  expect((await task(db, 2))!.outcome).toBe("abnormal");
  expect(await db.getMeta("cursor")).toBe(50);
});

test("rows that unsent work needs outlive their deletion, and go after it", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  await applyPull(db, later({}, { rounds: [5], tasks: [1, 2, 3], devices: [1, 2], rooms: [1] }));
  expect(await db.tasks.toCollection().primaryKeys()).toEqual([1]);
  expect(await db.devices.toCollection().primaryKeys()).toEqual([1]);
  const { uid } = await finishInspection(db, 1);
  await applyPull(db, later({}));
  expect((await task(db, 1))!.device!.name).toBe("投影机 A");
  await db.records.update(uid, { state: "accepted" });
  await applyPull(db, later({}));
  expect((await db.tasks.count()) + (await db.devices.count()) + (await db.rounds.count())).toBe(0);
  expect(await db.records.count()).toBe(1);
});

test("a task whose device is gone is never shown as the room's own", async () => {
  await applyPull(db, later({}, { devices: [1] }));
  expect(await task(db, 1)).toBeNull();
  expect((await task(db, 3))!.device).toBeNull();
});

test("what was seen on a device that had been replaced is the new one's", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  const { uid } = await finishInspection(db, 1);
  await db.records.update(uid, { state: "accepted" });
  const devices = [{ id: 7, room_id: 1, type: "projector", name: "投影机 A" }];
  const done = { round_id: 5, room_id: 1, device_id: 7, outcome: "normal", inspection_uid: uid };
  await applyPull(db, later({ devices, tasks: [{ id: 9, ...done }] }, { tasks: [1], devices: [1] }));
  expect(await task(db, 1)).toBeNull();
  expect((await task(db, 9))!.record!.uid).toBe(uid);
});

test("a full pull replaces all that is not needed", async () => {
  await saveDraft(db, 2, { remark: "mine" });
  const rows = { buildings: [{ id: 8, name_zh: "新", name_en: "New", position: 0 }] };
  await applyPull(db, later(rows, {}, { full: true }));
  expect(await db.buildings.toCollection().primaryKeys()).toEqual([8]);
  expect(await db.devices.toCollection().primaryKeys()).toEqual([2]);
  await applyPull(db, firstPull());
  expect(await db.devices.count()).toBe(2);
  expect(await db.getMeta("kept_gone")).toEqual({});
});

test("a pull that fails half-way moves neither rows nor cursor", async () => {
  const bad = later({ devices: [{ id: 1, room_id: 1, type: "x", name: "changed" }], rooms: [{ nokey: 1 }] });
  await expect(applyPull(db, bad)).rejects.toThrow();
  expect((await db.devices.get(1))!.name).toBe("投影机 A");
  expect(await db.getMeta("cursor")).toBe(40);
});

test("home counts by outcome, with what this phone has done laid over", async () => {
  await saveDraft(db, 2, { remark: "begun" });
  await saveDraft(db, 1, { answers: { power: { value: "pass" }, lamp_hours: { value: 2900 } } });
  await finishInspection(db, 1);
  const view = await home(db);
  expect(view.totals).toEqual({ all: 3, todo: 2, normal: 0, abnormal: 1, not_tested: 0, started: 1 });
  expect(view.mine).toMatchObject({ all: 1, abnormal: 1 });
  expect(view).toMatchObject({ deviceCount: 2, openItems: { all: 1, mine: 0 }, round: { month: "2026-11" } });
  expect(view.rooms[0]).toMatchObject({ mine: true, openItems: 1, room: { name_zh: "301" } });
});

test.each([
  ["nobody's", {}, {}, 0],
  ["his whose task it is", {}, { assignee_id: 1 }, 1],
  ["his who owns it", { owner_id: 1 }, {}, 1],
])("home and the list of open items agree on whose they are: %s", async (_, item, task, mine) => {
  const { open_items, tasks } = firstPull().rows as Record<string, object[]>;
  await applyPull(db, later({
    open_items: [{ ...open_items![0], ...item }],
    tasks: [{ ...tasks![1], ...task }],
  }));
  expect((await home(db)).openItems).toEqual({ all: 1, mine });
  expect(await openItemViews(db, { mine: true })).toHaveLength(mine);
});

test("what the server holds of a task says whose inspection came last, and when", async () => {
  expect((await task(db, 1))!.held).toBeNull();
  const one = { task_id: 1, revision: 1, verdict: "normal" };
  const early = { ...one, uid: "a", author_id: 1, received_at: "2026-11-03T02:00:00Z" };
  const late = { ...one, uid: "b", author_id: 2, received_at: "2026-11-04T02:00:00Z" };
  await applyPull(db, later({
    people: [{ id: 2, name: "张伟", name_en: "Zhang Wei", role: "inspection_engineer" }],
    inspections: [late, early],
  }));
  const { held } = (await task(db, 1))!;
  expect(held).toMatchObject({ by: { name: "张伟" }, mine: false, at: late.received_at });
});

test("a room lists its devices, its own checklist and the reasons for an exception", async () => {
  const view = await room(db, 1);
  expect(view!.devices.map((one) => one.device!.name)).toEqual(["投影机 A", "投影机 B"]);
  expect(view!.own).toMatchObject({ type: "room", itemCount: 1 });
  expect(view!.devices[1]).toMatchObject({ openItems: 1, itemCount: 3, typeNames: { en: "Projector" } });
  expect(view!.exceptions[0]!.key).toBe("occupied");
  expect(await room(db, 99)).toBeNull();
});

test("the open items of a room stand at its rows, the room's own at its own check", async () => {
  const row = { room_id: 1, severity: 3, opened_month: "2026-08" };
  await applyPull(db, later({ open_items: [{ ...row, id: 10, number: 18 }, { ...row, id: 11, number: 19, device_id: 1 }] }));
  const view = (await room(db, 1))!;
  expect(view.own!.openItems).toBe(1);
  expect([...view.devices, view.own!].reduce((sum, one) => sum + one.openItems, 0)).toBe(view.openItems.length);
});

test("a task knows its limits, its open items with age, its repeats, and what comes next", async () => {
  const view = await task(db, 2);
  expect(view!.checklist).toMatchObject({ type: "projector", number: 1, register: { rated_lamp_hours: 3000 } });
  expect(view!.openItems[0]).toMatchObject({ ageMonths: 3, taskId: 2, row: { number: 17 } });
  expect(view!.repeat).toEqual({ power: 3 });
  expect(view!.next).toBe(3);
  await applyPull(db, later({ tasks: [{ id: 2, round_id: 5, room_id: 1, device_id: 2, not_due: ["power"] }] }));
  expect((await task(db, 2))!.checklist.items.map((item) => item.key)).toEqual(["lamp_hours", "overview"]);
});

test("a photo item is answered by its photo", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" }, lamp_hours: { value: 1 } } });
  expect((await task(db, 1))!.judged!.readings["overview"]!.verdict).toBe("not_tested");
  await keepPhoto(db, 1, { ...WHOLE, item: "overview" }, somePhoto(1));
  expect((await task(db, 1))!.judged!.readings["overview"]!.verdict).toBe("normal");
  const { uid } = await finishInspection(db, 1);
  const reading = (await db.records.get(uid))!.payload.readings.find((one) => one.item === "overview");
  expect(reading).toMatchObject({ value: null, verdict: "normal" });
});

test("an open item shows what was answered here", async () => {
  await saveDraft(db, 2, { open_items: { 17: { answer: "solved" } } });
  expect((await openItemViews(db, { deviceId: 2 }))[0]!.answered).toBe("solved");
  expect(await openItemViews(db, { deviceId: null })).toEqual([]);
});

test("a label resolves from the phone's own copy, and says why when it does not", async () => {
  expect(await resolveLabel(db, "https://example.org/login")).toEqual({ kind: "foreign" });
  const code = LABEL;
  expect(await resolveLabel(db, code)).toEqual({ kind: "unknown", code });
  await applyPull(db, later({ labels: [{ id: 1, code, device_id: 1 }] }));
  expect(await resolveLabel(db, `https://rounds.example/d/${code}`)).toMatchObject({
    kind: "device",
    device: { id: 1 },
    task: { id: 1 },
    outcome: "todo",
  });
  await applyPull(db, later({ labels: [{ id: 1, code, device_id: 1, revoked: true }] }));
  expect(await resolveLabel(db, code)).toMatchObject({ kind: "revoked", device: { id: 1 } });
  await applyPull(db, later({ labels: [{ id: 2, code }] }));
  expect(await resolveLabel(db, code)).toEqual({ kind: "unbound", code });
});

test("the search finds every word, full-width or not, and follows a pull", async () => {
  expect((await searchDevices(db, "投影 ｂ")).map((one) => one.device.id)).toEqual([2]);
  expect(await searchDevices(db, "")).toHaveLength(2);
  expect(await searchDevices(db, "projector 301")).toHaveLength(2);
  await applyPull(db, later({ devices: [{ id: 3, room_id: 1, type: "codec", name: "终端", serial: "SN-77" }] }));
  expect((await searchDevices(db, "sn-77"))[0]).toMatchObject({ device: { id: 3 }, taskId: null });
  await applyPull(db, later({ devices: [{ id: 1, room_id: 1, type: "projector", name: "投影机 A", retired: true }] }));
  expect((await searchDevices(db, "投影")).map((one) => one.device.id)).toEqual([2]);
});

test("the state lists every record with its photos, what is unsent first", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  await recordScan(db, LABEL, 1, "expected");
  const state = await syncState(db);
  expect(state.unsent).toMatchObject({ records: 1, photos: 1, scans: 1 });
  expect(state.records[0]).toMatchObject({ record: { uid }, device: { id: 1 }, room: { id: 1 }, attempts: 0 });
  expect(state.records[0]!.photos).toHaveLength(1);
});

test("what was accepted stays until its round has been gone for a fortnight by the server's clock", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  const photo = await keepPhoto(db, 1, WHOLE, somePhoto(1));
  const { uid } = await finishInspection(db, 1);
  await db.records.update(uid, { state: "accepted", acknowledged_at: "2026-11-03T02:00:00Z" });
  const tidyAt = async (time: string) => {
    await db.putMeta("server_time", time);
    await tidy(db);
    return db.records.count();
  };
  expect(await tidyAt("2027-03-01T00:00:00Z")).toBe(1);
  await applyPull(db, later({}, { rounds: [5] }));
  expect(await tidyAt("2027-03-02T00:00:00Z")).toBe(1);
  expect(await tidyAt("2027-03-15T00:00:00Z")).toBe(1);
  expect(await tidyAt("2027-03-17T00:00:00Z")).toBe(0);
  expect(await db.blobs.get(photo.id)).toBeUndefined();
  expect(await db.outbox.count()).toBe(0);
});

test("a scan stays a fortnight from its acknowledgement, wherever the phone's clock stood", async () => {
  await recordScan(db, LABEL, 1, "expected");
  await db.outbox.toCollection().modify({ made_at: 0 });
  const [{ id, hash }] = (await db.outbox.toArray()) as [Operation];
  await noteAnswers(db, [{ id, hash, result: "applied", code: "", detail: {} }], "2026-11-03T02:00:00Z");
  for (const [time, left] of [["2026-11-16", 1], ["2026-11-18", 0]] as const) {
    await db.putMeta("server_time", `${time}T02:00:00Z`);
    await tidy(db);
    expect([await db.outbox.count(), await db.scans.count()]).toEqual([left, left]);
  }
});

test("nothing unsent is ever tidied away", async () => {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  await keepPhoto(db, 1, WHOLE, somePhoto(1));
  await finishInspection(db, 1);
  await applyPull(db, later({}, { rounds: [5] }));
  for (const time of ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]) {
    await db.putMeta("server_time", time);
    await tidy(db);
  }
  expect([await db.records.count(), await db.blobs.count(), await db.outbox.count()]).toEqual([1, 1, 1]);
});

test("pictures are wanted of what was sent back and of last month, mine first", async () => {
  const previous = (id: string) => ({ month: "2026-10", verdict: "normal", photos: { overview: id } });
  await applyPull(
    db,
    later({
      tasks: [
        { id: 2, round_id: 5, room_id: 1, device_id: 2, previous: previous("others") },
        { id: 1, round_id: 5, room_id: 1, device_id: 1, assignee_id: 1, previous: previous("mine") },
      ],
      returned_photos: [{ id: "back", task_id: 1, inspection_uid: "u", author_id: 2 }],
    }),
  );
  expect(await picturesWanted(db)).toEqual(["back", "mine", "others"]);
  await keepThumbs(db, [["mine", new Blob([])]]);
  expect(await picturesWanted(db)).toEqual(["back", "others"]);
  expect((await home(db)).returned.map((one) => one.key)).toEqual(["photo-back"]);
});
