import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import type { PullAnswer } from "../api/wire";
import { caseDraft, draftKeyOf, saveCaseDraft } from "./casedrafts";
import { caseView, HOURS_DRAFT, logHours, undoCaseWork } from "./cases";
import { type HoursGiven, hoursProblem, local } from "./hours";
import { noteAnswers } from "./outbox";
import { applyPull } from "./pulled";
import type { UserDatabase } from "./schema";
import { emptyDatabase, firstPull } from "./testing";

const ME = 1;
const CASE = "0190a000-0000-7000-8000-000000000009";
const AT = "2026-11-03T01:00:00Z";
const GIVEN: HoursGiven = { day: "2026-11-03", begin: "22:00", end: "01:01", break: "15", note: " 值守 " };
let db: UserDatabase;

const row = {
  uid: CASE,
  name: "A4",
  kind: "after_hours",
  state: "planned",
  title: "年会",
  opened_at: AT,
  timeline: [{ uid: CASE, step: "opened", after: "requested", at: AT }],
  hours: {
    rounding: "up",
    free: 160,
    used: 151,
    planned: 4,
    projection: "ends",
    projected_on: "2026-12-20",
    plan: [{ user_id: ME, from_at: "2026-11-03T14:00:00Z", to_at: "2026-11-03T17:00:00Z" }],
    lines: [{ uid: "0190a000-0000-7000-8000-0000000000aa", user_id: 2, began_at: AT, ended_at: "2026-11-03T02:00:00Z", half_hours: 2 }],
  },
};

async function pull(rows: object): Promise<void> {
  await applyPull(db, firstPull({ full: false, rows, gone: {} } as unknown as Partial<PullAnswer>));
}

async function answer(result: string, code = ""): Promise<void> {
  const waiting = await db.outbox.where("state").equals("waiting").toArray();
  const answers = waiting.map(({ id, hash }) => ({ id, hash, result, code, detail: {} }));
  await noteAnswers(db, answers as never, "2026-11-04T03:00:00Z");
}

beforeEach(async () => {
  db = await emptyDatabase(ME);
  await applyPull(db, firstPull());
  await pull({ people: [{ id: ME, name: "张", name_en: "Zhang", role: "inspection_engineer" }], cases: [row] });
});

test("hours are logged without a network, over midnight, and what is left is told at once", async () => {
  const before = (await caseView(db, CASE))!.hours!;
  expect([before.left, before.plan[0]!.mine, before.lines[0]!.voided]).toEqual([4.5, true, false]);
  const uid = await logHours(db, CASE, GIVEN);
  const [operation] = await db.outbox.toArray();
  expect(operation!.kind).toBe("hours_log");
  const payload = JSON.parse(operation!.payload);
  expect(payload).toMatchObject({ uid, case: CASE, break_minutes: 15, note: "值守" });
  expect(Date.parse(payload.ended_at) - Date.parse(payload.began_at)).toBe(181 * 60_000);
  // 166 minutes are six half hours, the last of them begun.
  const { left, used, lines } = (await caseView(db, CASE))!.hours!;
  expect([left, used, lines.at(-1)!.hours, lines.at(-1)!.own!.state]).toEqual([1.5, 78.5, 3, "saved"]);
});

test("the same time can't be logged twice, nor what is still to come", async () => {
  await logHours(db, CASE, GIVEN);
  const hours = (await caseView(db, CASE))!.hours!;
  const now = Date.parse("2027-01-01T00:00:00Z");
  expect(hoursProblem(hours, { ...GIVEN, begin: "23:00", end: "23:30" }, now)).toBe("overlap");
  expect(hoursProblem(hours, { ...GIVEN, day: "2026-11-05" }, now)).toBe(null);
  expect(hoursProblem(hours, { ...GIVEN, day: "2027-01-05" }, now)).toBe("not_over_yet");
  expect(hoursProblem(hours, { ...GIVEN, day: "2026-11-05", end: "22:10" }, now)).toBe("break_too_long");
  expect(hoursProblem(hours, { ...GIVEN, end: "" }, now)).toBe("incomplete");
  await expect(logHours(db, CASE, GIVEN)).rejects.toThrow();
});

test("taken back, what was typed is there again", async () => {
  const key = draftKeyOf(CASE, HOURS_DRAFT);
  await saveCaseDraft(db, key, { begin: "22:00" });
  const uid = await logHours(db, CASE, GIVEN);
  expect(await caseDraft(db, key)).toBe(null);
  expect(await undoCaseWork(db, uid)).toBe(true);
  expect((await caseDraft(db, key))!.values).toEqual({ ...GIVEN, note: "值守" });
  expect((await caseView(db, CASE))!.hours!.left).toBe(4.5);
});

test("what the server has told of is counted once, what it refused not at all", async () => {
  const uid = await logHours(db, CASE, GIVEN);
  await answer("applied");
  const line = { uid, user_id: ME, began_at: AT, ended_at: AT, half_hours: 6 };
  await pull({ cases: [{ ...row, hours: { ...row.hours, used: 157, lines: [...row.hours.lines, line] } }] });
  const told = (await caseView(db, CASE))!.hours!;
  expect([told.left, told.lines.length]).toEqual([1.5, 2]);
  await logHours(db, CASE, { ...GIVEN, day: "2026-11-06" });
  await answer("quarantined", "hours_overlap");
  const refused = (await caseView(db, CASE))!;
  expect([refused.hours!.left, refused.stopped, refused.hours!.lines.at(-1)!.own!.code]).toEqual([1.5, true, "hours_overlap"]);
});

test("a moment is shown as this phone's clock shows it", () => {
  const at = new Date(2026, 10, 3, 22, 5);
  expect(local(at)).toBe("2026-11-03T22:05");
});
