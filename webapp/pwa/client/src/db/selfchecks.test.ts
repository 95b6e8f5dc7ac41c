import "fake-indexeddb/auto";
import Dexie from "dexie";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { PullAnswer } from "../api/wire";
import { runSync } from "../sync/run";
import { FakeServer } from "../sync/testing";
import { saveDraft } from "./drafts";
import { NotSavedError } from "./errors";
import { amendInspection, finishInspection, finishWithException, undoFinish } from "./finish";
import { home, room, type RoomProgress } from "./home";
import { sha256Hex } from "./ids";
import { applyPull } from "./pulled";
import { tidy } from "./retention";
import type { UserDatabase } from "./schema";
import { signSelfCheck, undoSelfCheck, type Signing } from "./selfchecks";
import { syncState } from "./syncstate";
import { emptyDatabase, firstPull } from "./testing";
import { unsentCount } from "./unsent";

const ME = 1;
const OTHER = 2;
const NOTHING = { strokes: [], name: "" };
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase(ME);
  await applyPull(db, firstPull());
});

async function inspect(taskId: number, hours = 9): Promise<string> {
  await saveDraft(db, taskId, { answers: { power: { value: "pass" }, lamp_hours: { value: hours } } });
  return (await finishInspection(db, taskId)).uid;
}

async function inspectAll(): Promise<string[]> {
  return [await inspect(1), await inspect(2), await inspect(3)];
}

const sign = () => signSelfCheck(db, 5, 1, NOTHING);
const signing = async (): Promise<Signing> => (await room(db, 1))!.signing;
const mark = async (): Promise<Pick<RoomProgress, "mark" | "toCheck">> => {
  const [row] = (await home(db)).rooms;
  return { mark: row!.mark, toCheck: row!.toCheck };
};

/** What a later pull brings. */
async function pull(rows: object, gone: object = {}): Promise<void> {
  const change = { full: false, rows, gone } as unknown as Partial<PullAnswer>;
  await applyPull(db, firstPull(change));
}

function signOff(uid: string, more: object = {}): object {
  return { uid, round_id: 5, room_id: 1, level: "self_check", user_id: ME, signed_at: "2026-11-03T03:00:00Z", ...more };
}

describe("signing", () => {
  test("writes the signature and its envelope, with the revision of everything that was seen", async () => {
    const uids = await inspectAll();
    await amendInspection(db, uids[1]!);
    await saveDraft(db, 2, { remark: "again" });
    await finishInspection(db, 2);
    const uid = await signSelfCheck(db, 5, 1, { strokes: [[[0.1, 0.5], [0.9, 0.2]]], name: " 李明 " });
    const check = await db.self_checks.get(uid);
    const operation = await db.outbox.get(check!.operation_id);
    expect(check).toMatchObject({ state: "saved", room_id: 1, round_id: 5, acknowledged_at: null });
    expect(check!.payload).toMatchObject({
      uid,
      inspections: [
        { uid: uids[0], revision: 1 },
        { uid: uids[1], revision: 2 },
        { uid: uids[2], revision: 1 },
      ],
      strokes: [[[0.1, 0.5], [0.9, 0.2]]],
      name: "李明",
    });
    expect(operation).toMatchObject({ kind: "self_check", version: 1, uid, state: "waiting" });
    expect(JSON.parse(operation!.payload)).toEqual(check!.payload);
    expect(operation!.hash).toBe(await sha256Hex(operation!.payload));
    // It leaves after what it is about, whatever order they are asked for in.
    const ids = await db.outbox.toCollection().primaryKeys();
    expect(ids.at(-1)).toBe(operation!.id);
    expect(await signing()).toMatchObject({ state: "signed", stage: "saved", ready: false });
    expect((await unsentCount(db)).records).toBe(5);
  });

  test("is all or nothing", async () => {
    await inspectAll();
    vi.spyOn(db.outbox, "put").mockImplementation(() => Dexie.Promise.reject(new Error("killed")) as never);
    await expect(sign()).rejects.toThrow(NotSavedError);
    expect(await db.self_checks.count()).toBe(0);
  });

  test("waits until everything is inspected", async () => {
    await inspect(1);
    expect(await signing()).toMatchObject({ state: "none", ready: false });
    await expect(sign()).rejects.toThrow("not finished");
    await finishWithException(db, [2, 3], { reason: "occupied", remark: "", revisit_on: null });
    expect(await signing()).toMatchObject({ state: "none", ready: true });
    expect(await mark()).toEqual({ mark: "ready", toCheck: false });
  });

  test("can be taken back until it has left the phone", async () => {
    await inspectAll();
    const uid = await sign();
    expect(await undoSelfCheck(db, uid)).toBe(true);
    expect(await signing()).toMatchObject({ state: "none", ready: true });
    const again = await sign();
    const check = await db.self_checks.get(again);
    await db.outbox.update(check!.operation_id, { attempted_at: 1 });
    expect(await undoSelfCheck(db, again)).toBe(false);
    expect(await db.self_checks.count()).toBe(1);
  });

  test("goes with what it was given for, when that is taken back: the next one may say something else", async () => {
    const uids = await inspectAll();
    await sign();
    expect(await undoFinish(db, uids[0]!)).toBe(true);
    expect(await db.self_checks.count()).toBe(0);
    expect((await db.outbox.toArray()).map((one) => one.kind)).toEqual(["inspection", "inspection"]);
    await finishInspection(db, 1);
    expect(await signing()).toMatchObject({ state: "none", ready: true });
    // An amendment that is taken back leaves the signature over what stood before.
    await sign();
    await amendInspection(db, uids[1]!);
    await saveDraft(db, 2, { remark: "again" });
    await finishInspection(db, 2);
    expect(await undoFinish(db, uids[1]!)).toBe(true);
    expect(await signing()).toMatchObject({ state: "signed", stage: "saved" });
  });

  test("waits for the answer to what was sent back", async () => {
    const [uid] = await inspectAll();
    await pull({ returned_answers: [{ id: 4, task_id: 1, inspection_uid: uid, revision: 1, remark: "look again" }] });
    expect(await signing()).toMatchObject({ ready: false, waits: true });
    expect(await mark()).toEqual({ mark: null, toCheck: false });
    await amendInspection(db, uid!);
    await saveDraft(db, 1, { remark: "looked again" });
    await finishInspection(db, 1);
    expect(await signing()).toMatchObject({ ready: true, waits: false });
    expect(await mark()).toEqual({ mark: "ready", toCheck: false });
  });

  test("is not offered to who neither inspected here nor has the room", async () => {
    const rows = [1, 2, 3].map((id) => ({ uid: `i${id}`, task_id: id, author_id: OTHER, revision: 1, verdict: "normal", received_at: "" }));
    const tasks = [1, 2, 3].map((id) => ({ id, round_id: 5, room_id: 1, device_id: id < 3 ? id : null, outcome: "normal", inspection_uid: `i${id}`, assignee_id: OTHER }));
    await pull({ inspections: rows, tasks });
    expect(await signing()).toMatchObject({ state: "none", ready: false });
    await pull({ tasks: [{ ...tasks[0], assignee_id: ME }] });
    expect(await signing()).toMatchObject({ ready: true });
    await sign();
    const [check] = await db.self_checks.toArray();
    expect(check!.payload.inspections.map((one) => one.uid)).toEqual(["i1", "i2", "i3"]);
  });
});

describe("what was seen", () => {
  const told = (more: object) => ({ id: 1, round_id: 5, room_id: 1, device_id: 1, assignee_id: 1, ...more });

  test("is the server's where it counts another's test", async () => {
    await inspectAll();
    await pull({
      tasks: [told({ outcome: "normal", inspection_uid: "theirs" })],
      inspections: [{ uid: "theirs", task_id: 1, author_id: OTHER, revision: 3, verdict: "normal", received_at: "" }],
    });
    await sign();
    const [check] = await db.self_checks.toArray();
    expect(check!.payload.inspections[0]).toEqual({ uid: "theirs", revision: 3 });
  });

  test("is one's own second visit where the other could not test it", async () => {
    const [own] = await inspectAll();
    await pull({
      tasks: [told({ outcome: "not_tested", inspection_uid: "theirs" })],
      inspections: [{ uid: "theirs", task_id: 1, author_id: OTHER, revision: 1, verdict: "not_tested", received_at: "" }],
    });
    await sign();
    const [check] = await db.self_checks.toArray();
    expect(check!.payload.inspections[0]).toEqual({ uid: own, revision: 1 });
  });
});

describe("what becomes of it", () => {
  test("saved on this phone, then accepted by the server", async () => {
    await inspectAll();
    await sign();
    const server = new FakeServer();
    await runSync(db, server.fetch, { everything: true });
    expect(server.pushes[0]!.operations.map((one) => one.kind)).toEqual(["inspection", "inspection", "inspection", "self_check"]);
    expect(await signing()).toMatchObject({ state: "signed", stage: "accepted" });
    expect(await mark()).toEqual({ mark: "signed", toCheck: false });
    const [line] = (await syncState(db)).selfChecks;
    expect(line).toMatchObject({ check: { state: "accepted", acknowledged_at: "2026-11-03T02:00:00Z" }, room: { id: 1 } });
    // After a restored backup it is offered and sent once more, like every record.
    server.operations.clear();
    await runSync(db, server.fetch, { everything: true, reconcile: true });
    expect(server.pushes.at(-1)!.operations.map((one) => one.kind)).toContain("self_check");
    expect(await signing()).toMatchObject({ stage: "accepted" });
  });

  test("held for its records it is sent, and accepted once a pull tells of it", async () => {
    await inspectAll();
    const uid = await sign();
    const server = new FakeServer();
    server.judge = ({ kind }) => (kind === "self_check" ? { result: "quarantined", code: "self_check_held" } : { result: "applied" });
    await runSync(db, server.fetch, { everything: true });
    expect(await signing()).toMatchObject({ state: "signed", stage: "sent" });
    await pull({ sign_offs: [signOff(uid)] });
    expect(await signing()).toMatchObject({ state: "signed", stage: "accepted", selfBy: ME });
    expect((await syncState(db)).selfChecks[0]!.check.state).toBe("accepted");
  });

  test("refused it says so, and may be signed again", async () => {
    await inspectAll();
    await sign();
    const server = new FakeServer();
    server.judge = ({ kind }) => (kind === "self_check" ? { result: "quarantined", code: "self_check_outdated" } : { result: "applied" });
    await runSync(db, server.fetch, { everything: true });
    expect(await signing()).toMatchObject({ state: "refused", code: "self_check_outdated", ready: true });
    server.judge = () => ({ result: "applied" });
    await sign();
    await runSync(db, server.fetch, { everything: true });
    expect(await signing()).toMatchObject({ state: "signed", stage: "accepted" });
    // Only the latest of a room is told of.
    expect((await syncState(db)).selfChecks).toHaveLength(1);
  });

  test("what is changed on the phone after it asks for another signature", async () => {
    const [uid] = await inspectAll();
    await sign();
    await amendInspection(db, uid!);
    await saveDraft(db, 1, { answers: { lamp_hours: { value: 12 } } });
    expect(await signing()).toMatchObject({ state: "signed" });
    await finishInspection(db, 1);
    expect(await signing()).toMatchObject({ state: "changed", ready: true });
    expect(await mark()).toEqual({ mark: "void", toCheck: false });
    await sign();
    expect(await mark()).toEqual({ mark: "signed", toCheck: false });
    expect(await signing()).toMatchObject({ state: "signed", stage: "saved" });
  });

  test("voided by a change it says what changed", async () => {
    await inspectAll();
    const uid = await sign();
    const changed = [{ why: "amended", task_id: 2, device_id: 2, items: ["lamp_hours"], by: OTHER }];
    await pull({ sign_offs: [signOff(uid, { voided: true, changed })] });
    expect(await signing()).toMatchObject({ state: "void", changed, ready: true, selfBy: null });
    expect(await mark()).toEqual({ mark: "void", toCheck: false });
    expect((await syncState(db)).selfChecks).toMatchObject([{ voided: true }]);
    await sign();
    expect((await syncState(db)).selfChecks).toMatchObject([{ voided: false }]);
    expect(await signing()).toMatchObject({ state: "signed", stage: "saved" });
    expect(await mark()).toEqual({ mark: "signed", toCheck: false });
  });

  test("one that was signed on another phone is told of too, void or standing", async () => {
    await inspectAll();
    await pull({ sign_offs: [signOff("elsewhere")] });
    expect(await signing()).toMatchObject({ state: "signed", stage: "accepted", ready: false });
    await pull({ sign_offs: [signOff("elsewhere", { voided: true, changed: [{ why: "joined", device_id: 2 }] })] });
    expect(await signing()).toMatchObject({ state: "void", changed: [{ why: "joined", task_id: null, items: [], by: null }] });
  });

  test("a colleague's that was signed after it stands, and a peer check that is gone is no self-check", async () => {
    await inspectAll();
    const uid = await sign();
    const changed = [{ why: "amended", task_id: 2 }];
    await pull({ sign_offs: [signOff(uid, { voided: true, changed }), signOff("theirs", { user_id: OTHER })] });
    expect(await signing()).toMatchObject({ state: "by_other", selfBy: OTHER, stage: null, ready: false });
    expect(await mark()).toEqual({ mark: "signed", toCheck: false });
    await db.self_checks.clear();
    await pull({ sign_offs: [signOff("peer", { level: "peer_check", voided: true, changed })] }, { sign_offs: [uid, "theirs"] });
    expect(await signing()).toMatchObject({ state: "none", ready: true });
    expect(await mark()).toEqual({ mark: "ready", toCheck: false });
  });

  test("a colleague's stands for the room, and waits for another to look at it again", async () => {
    await pull({ sign_offs: [signOff("theirs", { user_id: OTHER })] });
    expect(await signing()).toMatchObject({ state: "by_other", selfBy: OTHER, ready: false });
    expect(await mark()).toEqual({ mark: "signed", toCheck: true });
    await pull({ sign_offs: [signOff("peer", { user_id: 3, level: "peer_check" })] });
    expect(await mark()).toEqual({ mark: "checked", toCheck: false });
    await pull({}, { sign_offs: ["theirs", "peer"] });
    expect(await mark()).toEqual({ mark: null, toCheck: false });
  });
});

test("it goes from the phone with its round, and never before it was sent", async () => {
  await inspectAll();
  await sign();
  const late = (server_time: string) => db.putMeta("server_time", server_time).then(() => tidy(db));
  await pull({}, { rounds: [5], tasks: [1, 2, 3] });
  await db.rounds.clear();
  await late("2026-12-01T00:00:00Z");
  await late("2027-01-01T00:00:00Z");
  expect(await db.self_checks.count()).toBe(1);
  await runSync(db, new FakeServer().fetch, { everything: true });
  await db.rounds.clear();
  await late("2027-01-02T00:00:00Z");
  await db.self_checks.toCollection().modify({ acknowledged_at: "2026-12-02T00:00:00Z" });
  await late("2027-02-01T00:00:00Z");
  expect(await db.self_checks.count()).toBe(0);
  expect((await db.outbox.toArray()).filter((one) => one.kind === "self_check")).toEqual([]);
});
