import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { PullAnswer } from "../api/wire";
import { saveDraft } from "./drafts";
import { finishInspection, finishWithException } from "./finish";
import { applyPull } from "./pulled";
import { revisits } from "./revisits";
import type { UserDatabase } from "./schema";
import { emptyDatabase, firstPull } from "./testing";

const THEIRS = { uid: "theirs", task_id: 2, author_id: 8, revision: 1, verdict: "not_tested", received_at: "" };
let db: UserDatabase;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
});

function later(rows: object): Promise<void> {
  return applyPull(db, firstPull({ full: false, head: 50, rows: rows as PullAnswer["rows"] }));
}

/** What the server says of task 2, which another engineer could not test. */
function theirs(on: string | null, outcome = "not_tested"): Promise<void> {
  const task = { id: 2, round_id: 5, room_id: 1, device_id: 2, outcome, inspection_uid: "theirs" };
  return later({ tasks: [task], inspections: [{ ...THEIRS, revisit_on: on }] });
}

test("a visit that was promised here is listed before anything is sent, a room's as one", async () => {
  await finishWithException(db, [2, 3], { reason: "occupied", remark: "", revisit_on: "2026-11-08" });
  await finishWithException(db, [1], { reason: "occupied", remark: "", revisit_on: "2026-11-06" });
  const visits = await revisits(db);
  expect(visits.map((visit) => [visit.on, visit.taskIds])).toEqual([
    ["2026-11-06", [1]],
    ["2026-11-08", [2, 3]],
  ]);
  expect(visits[0]).toMatchObject({ mine: true, device: { name: "投影机 A" }, room: { name_zh: "301" } });
  expect(visits[1]!.device).toBeNull();
});

test("a visit that another phone promised comes with the pull, and is not mine", async () => {
  await theirs("2026-11-07");
  expect(await revisits(db)).toMatchObject([{ on: "2026-11-07", taskIds: [2], mine: false }]);
});

test("without a day there is no visit", async () => {
  await theirs(null);
  await finishWithException(db, [1], { reason: "occupied", remark: "", revisit_on: null });
  expect(await revisits(db)).toEqual([]);
});

test("a visit that was made is gone: at once on this phone, with the pull on the others", async () => {
  await theirs("2026-11-07");
  await saveDraft(db, 2, { answers: { power: { value: "pass" }, lamp_hours: { value: 9 } } });
  await finishInspection(db, 2);
  expect(await revisits(db)).toEqual([]);
  db = await emptyDatabase();
  await applyPull(db, firstPull());
  await theirs("2026-11-07");
  await theirs("2026-11-07", "normal");
  expect(await revisits(db)).toEqual([]);
});
