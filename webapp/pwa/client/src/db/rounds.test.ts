import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { PullAnswer } from "../api/wire";
import { discardDraft, saveDraft } from "./drafts";
import { finishInspection } from "./finish";
import { home, room } from "./home";
import { openItemViews } from "./items";
import { applyPull } from "./pulled";
import { revisits } from "./revisits";
import { chooseRound, currentRound } from "./rounds";
import type { UserDatabase } from "./schema";
import { resolveLabel, searchDevices } from "./search";
import { signSelfCheck, undoSelfCheck } from "./selfchecks";
import { emptyDatabase, firstPull, LABEL } from "./testing";
import { watch } from "./watch";

const ME = 1;
const OTHER = 2;
const DECEMBER = { id: 6, month: "2026-12", state: "open", due_on: "2026-12-10", checklist: 1 };
const NOTHING = { strokes: [], name: "" };
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase(ME);
  await applyPull(db, firstPull());
});

async function pull(rows: object, gone: object = {}): Promise<void> {
  const change = { full: false, head: 50, rows, gone } as unknown as Partial<PullAnswer>;
  await applyPull(db, firstPull(change));
}

/** December is opened while November's round still is. */
async function openDecember(assignee: number | null = ME): Promise<void> {
  const task = (id: number, device_id: number | null) => ({ id, round_id: 6, room_id: 1, device_id, assignee_id: assignee });
  await pull({ rounds: [DECEMBER], tasks: [task(11, 1), task(12, 2), task(13, null)], labels: [{ id: 1, code: LABEL, device_id: 2 }] });
}

async function inspect(taskId: number): Promise<string> {
  await saveDraft(db, taskId, { answers: { power: { value: "pass" }, lamp_hours: { value: 9 } } });
  return (await finishInspection(db, taskId)).uid;
}

const month = async () => (await currentRound(db))!.month;

describe("while a late round is open beside the next", () => {
  test("its remaining tasks are reached from everywhere", async () => {
    await inspect(1);
    await openDecember();
    const view = await home(db);
    expect(view.round!.month).toBe("2026-11");
    expect(view.rounds.map((one) => [one.round.month, one.totals.todo, one.mine.todo])).toEqual([
      ["2026-11", 2, 0],
      ["2026-12", 3, 3],
    ]);
    expect((await room(db, 1))!.devices.map((one) => one.task.id)).toEqual([1, 2]);
    expect((await searchDevices(db, "投影机 B"))[0]!.taskId).toBe(2);
    expect(await resolveLabel(db, LABEL)).toMatchObject({ task: { id: 2 }, outcome: "todo" });
    expect((await openItemViews(db))[0]).toMatchObject({ taskId: 2, ageMonths: 3 });
  });

  test("the next one comes by itself once the last room is done and signed, and not before", async () => {
    await openDecember();
    for (const id of [1, 2, 3]) await inspect(id);
    expect(await month()).toBe("2026-11");
    const uid = await signSelfCheck(db, 5, 1, NOTHING);
    expect(await month()).toBe("2026-12");
    expect((await searchDevices(db, "投影机 B"))[0]!.taskId).toBe(12);
    await undoSelfCheck(db, uid);
    expect(await month()).toBe("2026-11");
  });

  test("a room's screen stays in the round in which it was opened", async () => {
    await openDecember();
    for (const id of [1, 2, 3]) await inspect(id);
    await signSelfCheck(db, 5, 1, NOTHING);
    expect((await room(db, 1, 5))!.signing.state).toBe("signed");
    expect((await room(db, 1))!.round.month).toBe("2026-12");
    await pull({}, { rounds: [5], tasks: [1, 2, 3] });
    await db.records.toCollection().modify({ state: "accepted" });
    await db.self_checks.toCollection().modify({ state: "accepted" });
    await pull({});
    expect((await room(db, 1, 5))!.round.month).toBe("2026-12");
  });

  test("what is left for colleagues alone does not hold him up, but a draft of his does", async () => {
    const theirs = (id: number, device_id: number | null) => ({ id, round_id: 5, room_id: 1, device_id, assignee_id: OTHER });
    await pull({ tasks: [theirs(1, 1), theirs(2, 2), theirs(3, null)] });
    await openDecember();
    expect(await month()).toBe("2026-12");
    await saveDraft(db, 2, { remark: "begun" });
    expect(await month()).toBe("2026-11");
    await discardDraft(db, 2);
    expect(await month()).toBe("2026-12");
  });

  test("the other one is worked on by choice, until it is closed", async () => {
    await openDecember();
    await chooseRound(db, 6);
    expect((await home(db)).round!.month).toBe("2026-12");
    expect((await room(db, 1))!.devices.map((one) => one.task.id)).toEqual([11, 12]);
    expect(await resolveLabel(db, LABEL)).toMatchObject({ task: { id: 12 } });
    await pull({ rounds: [{ ...DECEMBER, state: "finished" }] });
    expect(await month()).toBe("2026-11");
  });

  test("going back to the late one does not hold him there when it is done", async () => {
    await openDecember();
    await chooseRound(db, 6);
    await chooseRound(db, 5);
    expect(await month()).toBe("2026-11");
    for (const id of [1, 2, 3]) await inspect(id);
    await signSelfCheck(db, 5, 1, NOTHING);
    expect(await month()).toBe("2026-12");
    await chooseRound(db, 5);
    expect(await month()).toBe("2026-11");
  });

  test("one that the server has closed is not worked on, though an unsent draft keeps its row here", async () => {
    await openDecember();
    await saveDraft(db, 2, { remark: "begun" });
    await pull({}, { rounds: [5], tasks: [1, 2, 3] });
    expect(await db.rounds.count()).toBe(2);
    expect(await month()).toBe("2026-12");
    expect((await home(db)).rounds).toHaveLength(1);
  });

  test("its second visits stand with it", async () => {
    const absent = { outcome: "not_tested", inspection_uid: "theirs" };
    await pull({
      tasks: [{ id: 2, round_id: 5, room_id: 1, device_id: 2, ...absent }],
      inspections: [{ uid: "theirs", task_id: 2, author_id: OTHER, revision: 1, verdict: "not_tested", received_at: "", revisit_on: "2026-11-08" }],
    });
    await openDecember();
    expect((await revisits(db)).map((one) => one.taskIds)).toEqual([[2]]);
    await chooseRound(db, 6);
    expect(await revisits(db)).toEqual([]);
  });

  test("a screen that is open hears of the last touch", async () => {
    await openDecember();
    const heard: string[] = [];
    const end = watch(
      async () => {
        await currentRound(db);
        return (await openItemViews(db))[0]!;
      },
      (item) => heard.push(`${item.taskId} ${item.answered}`),
    );
    await vi.waitFor(() => expect(heard.at(-1)).toBe("2 null"));
    await saveDraft(db, 2, { open_items: { 17: { answer: "solved" } } });
    await vi.waitFor(() => expect(heard.at(-1)).toBe("2 solved"));
    await chooseRound(db, 6);
    await vi.waitFor(() => expect(heard.at(-1)).toBe("12 null"));
    end();
  });
});

test("a single open round is the one, whatever was chosen before, and without one the latest", async () => {
  expect(await month()).toBe("2026-11");
  expect((await home(db)).rounds).toHaveLength(1);
  await chooseRound(db, 99);
  expect(await month()).toBe("2026-11");
  await pull({ rounds: [{ ...DECEMBER, state: "finished" }] });
  expect(await month()).toBe("2026-11");
  await pull({ rounds: [{ id: 5, month: "2026-11", state: "finished", due_on: "2026-11-10", checklist: 1 }] });
  expect(await month()).toBe("2026-12");
  await db.rounds.clear();
  expect(await currentRound(db)).toBeNull();
});

describe("open items", () => {
  test("grow older between two rounds, by the month that it is where the contract is", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-12-31T16:30:00Z") });
    await pull({ open_items: [{ id: 10, number: 18, room_id: 1, severity: 3, opened_month: "2026-05" }] });
    await pull({}, { rounds: [5], tasks: [1, 2, 3] });
    const items = await openItemViews(db);
    vi.useRealTimers();
    expect(items.map((one) => [one.row.number, one.ageMonths])).toEqual([[18, 8], [17, 5]]);
  });

  test("last month's answer is not this month's", async () => {
    await saveDraft(db, 2, { answers: { power: { value: "pass" }, lamp_hours: { value: 9 } }, open_items: { 17: { answer: "still", remark: "" } } });
    const { uid } = await finishInspection(db, 2);
    expect((await openItemViews(db))[0]!.answered).toBe("still");
    await db.records.update(uid, { state: "accepted", acknowledged_at: "2026-11-03T02:00:00Z" });
    await db.outbox.where("uid").equals(uid).modify({ state: "done" });
    await openDecember();
    await pull({}, { rounds: [5], tasks: [1, 2, 3] });
    expect((await openItemViews(db))[0]).toMatchObject({ taskId: 12, answered: null });
    await saveDraft(db, 12, { open_items: { 17: { answer: "solved" } } });
    expect((await openItemViews(db))[0]!.answered).toBe("solved");
  });
});
