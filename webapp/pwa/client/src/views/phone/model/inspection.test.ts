import { describe, expect, it } from "vitest";
import type { Item } from "../../../rules/checklist";
import { spotChecksOf } from "../../../rules/due";
import {
  answeredOf,
  type Answers,
  fillAllOk,
  hoursSince,
  judgeAll,
  missingOf,
  noAnswer,
  questionsOf,
  type Subject,
  untouchedOf,
  wordsOf,
} from "./inspection";

const power: Item = { key: "power", zh: "开关机", en: "Power", kind: "pass_fail", severity: 1 };
const lamp: Item = {
  key: "lamp",
  zh: "灯泡",
  en: "Lamp",
  kind: "number",
  unit: "h",
  normal: { max: 100 },
  consumable: "lamp",
  photo: "always",
};
const spare: Item = { ...power, key: "spare", optional: true };
const view: Item = { key: "view", zh: "全景", en: "View", kind: "photo", photo: "always" };
const subject: Subject = {
  taskId: 5,
  items: [power, lamp, spare, view],
  openItems: [7],
  previous: { lamp: 80 },
  hoursPassed: 720,
};

function given(values: Record<string, number | string>, more: Partial<Answers> = {}): Answers {
  const answers = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, { ...noAnswer, value }]),
  );
  const photos = more.photos ?? [];
  const judged = judgeAll(subject.items, {}, { answers, photos });
  return { answers, photos, judged, open_items: {}, consumables: {}, findings: [], bulk_ok: false, ...more };
}

describe("an inspection being written", () => {
  it("tells what is missing in the order of the screen, and what blocks", () => {
    expect(missingOf(subject, given({}))).toEqual([
      { kind: "open_item", key: "7", blocks: true },
      { kind: "reading", key: "power", blocks: false },
      { kind: "reading", key: "lamp", blocks: false },
      { kind: "reading", key: "view", blocks: false },
    ]);
  });

  it("asks an anomaly for its reason and its photo", () => {
    const answers = given(
      { power: "fail", lamp: 90 },
      {
        photos: [{ item: "view" }],
        open_items: { 7: { answer: "still", remark: "" } },
        findings: [{ uid: "f", text: " ", severity: 3, fixed: false }],
      },
    );
    expect(missingOf(subject, answers)).toEqual([
      { kind: "cause", key: "power", blocks: true },
      { kind: "photo", key: "power", blocks: false },
      { kind: "photo", key: "lamp", blocks: false },
      { kind: "finding", key: "f", blocks: true },
    ]);
    expect(answeredOf(subject, answers)).toEqual({ done: 4, total: 4 });
  });

  it("takes a remark for a reason", () => {
    const answers = given({ power: "fail" });
    answers.answers.power!.remark = "插座没电";
    const asked = { ...subject, items: [power], openItems: [] };
    expect(missingOf(asked, answers).map((missing) => missing.kind)).toEqual(["photo"]);
  });

  it("fills what can be filled, keeps what was answered and leaves spot checks", () => {
    const many = Array.from({ length: 10 }, (_, n): Item => ({ ...power, key: `k${n}` }));
    const asked = { ...subject, items: [...many, lamp] };
    const filled = fillAllOk(asked, given({ k0: "fail" }));
    const spots = spotChecksOf(5, asked.items);
    expect(spots).toHaveLength(2);
    expect(filled).not.toHaveProperty("k0");
    expect(filled).not.toHaveProperty("lamp");
    expect(spots.every((key) => !(key in filled))).toBe(true);
    const [first, second] = spots as [string, string];
    const pictured = given({}, { photos: [{ item: first }] });
    expect(fillAllOk(asked, pictured)).toHaveProperty(first, "pass");
    expect(fillAllOk(asked, pictured)).not.toHaveProperty(second);
  });

  it("asks for the spot checks of an \"all OK\" until each is answered by hand or has its photo", () => {
    const many = Array.from({ length: 10 }, (_, n): Item => ({ ...power, key: `k${n}` }));
    const asked = { ...subject, items: [...many.slice(0, 9), { ...many[9]!, optional: true }], openItems: [] };
    const [first, second] = spotChecksOf(5, asked.items) as [string, string];
    const others = asked.items.map((item) => item.key).filter((key) => key !== first && key !== second);
    const values = Object.fromEntries(others.map((key) => [key, "pass"]));
    const wanted = (answers: Answers) =>
      missingOf(asked, answers).filter((one) => one.kind === "spot_check").map((one) => one.key);
    expect(wanted(given(values))).toEqual([]);
    expect(wanted(given(values, { bulk_ok: true }))).toEqual([first, second]);
    expect(wanted(given({ ...values, [first]: "pass" }, { bulk_ok: true }))).toEqual([second]);
    const seen = given({ ...values, [first]: "fail", [second]: "pass" }, { bulk_ok: true });
    expect(wanted(seen)).toEqual([]);
    seen.answers[second]!.bulk = true;
    expect(wanted(seen)).toEqual([second]);
    expect(wanted({ ...seen, photos: [{ item: second }] })).toEqual([]);
    expect(missingOf(asked, given(values, { bulk_ok: true })).every((one) => !one.blocks)).toBe(true);
  });

  it("questions hours that fell, until the lamp is said to be new", () => {
    expect(questionsOf(lamp, subject, given({ lamp: 3 }))).toEqual(["decreased_since_last_time"]);
    expect(questionsOf(lamp, subject, given({ lamp: 3 }, { consumables: { lamp: 1 } }))).toEqual([]);
  });

  it("knows a picked reason from one in the engineer's own words", () => {
    const list = [{ key: "power", zh: "供电", en: "power" }];
    expect(wordsOf(list, "power")?.zh).toBe("供电");
    expect(wordsOf(list, "老鼠咬断")).toBeNull();
  });

  it("knows how far a counter can have run since last month's reading", () => {
    const now = Date.UTC(2026, 10, 9);
    expect(hoursSince(undefined, now)).toBeNull();
    expect(hoursSince("2026-10", now)).toBe(39 * 24);
    expect(hoursSince("2026-11", now)).toBe(31 * 24);
    expect(hoursSince("2026-12", now)).toBeNull();
  });

  it("tells what was sent back and is still as it was", () => {
    const before = { ...noAnswer, value: 80 };
    const base = { photoId: null, before, photosBefore: ["a"] };
    const answer = { ...base, key: "answer-1", item: "lamp" };
    const photo = { ...base, key: "photo-a", photoId: "a", item: "lamp" };
    const whole = { ...base, key: "answer-2", item: null, before: null };
    const keys = (answers: Answers["answers"], photos: { id: string; item: string }[], version = 0) =>
      untouchedOf([answer, photo, whole], { answers, version }, photos).map((one) => one.key);
    const same = [{ id: "a", item: "lamp" }];
    expect(keys({ lamp: before }, same)).toEqual(["answer-1", "photo-a", "answer-2"]);
    expect(keys({ lamp: { ...before, value: 81 } }, same, 1)).toEqual(["photo-a"]);
    // Another word, or another picture, is an answer too.
    expect(keys({ lamp: { ...before, remark: "核对过" } }, same, 1)).toEqual(["photo-a"]);
    expect(keys({ lamp: before }, [{ id: "b", item: "lamp" }], 1)).toEqual([]);
    expect(untouchedOf([answer], { answers: { lamp: before }, version: 1 }, same)[0]).toEqual({
      kind: "returned",
      key: "answer-1",
      blocks: false,
    });
  });
});
