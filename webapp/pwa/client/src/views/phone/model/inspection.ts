/**
 * One inspection while it is being written: pure functions over what was answered so far, so that
 * the screen and its list of what is missing can never disagree.
 */
import type { Answer, Draft, PhotoInfo, PhotoTarget } from "../../../db/types";
import type { Item, Register, Words } from "../../../rules/checklist";
import {
  bulkValue,
  plausible,
  type Question,
  spotChecksOf,
  unseenSpotChecks,
} from "../../../rules/due";
import { isEmpty, judgeReading, photoRequired, type Verdict } from "../../../rules/verdict";

/** All that is asked of one device, or of one room's own checklist. */
export interface Subject {
  taskId: number;
  items: readonly Item[];
  /** Numbers of the open items that were carried over. */
  openItems: readonly number[];
  /** Last month's readings, by item. */
  previous: Readonly<Record<string, number | string | null>>;
  /** Hours since last month's reading, where they are known. */
  hoursPassed: number | null;
}

/** What was answered so far: the draft, what its photos show, and what the rule says of it. */
export interface Answers
  extends Pick<Draft, "answers" | "open_items" | "consumables" | "findings" | "bulk_ok"> {
  photos: readonly Partial<PhotoTarget>[];
  judged: Readonly<Record<string, Verdict>>;
}

/** Where something is missing; `blocks` when the inspection cannot be finished without it. */
export interface Missing {
  kind: "open_item" | "reading" | "cause" | "photo" | "finding" | "spot_check" | "returned";
  /** The item's key, the open item's number, the finding's uid, or the key of what was sent back. */
  key: string;
  blocks: boolean;
}

export const noAnswer: Answer = { value: null, cause: "", action: "", remark: "", fixed: false };

/** What the rule says of every item; a photo item is answered by its photo. */
export function judgeAll(
  items: readonly Item[],
  register: Register,
  given: Pick<Answers, "answers" | "photos">,
): Record<string, Verdict> {
  const judge = (item: Item) => {
    const pictured = given.photos.some((photo) => photo.item === item.key) || null;
    const value = item.kind === "photo" ? pictured : given.answers[item.key]?.value;
    return judgeReading(item, value, register);
  };
  return Object.fromEntries(items.map((item) => [item.key, judge(item)]));
}

/** Questions about a reading that is hard to believe; they never block (features 2). */
export function questionsOf(item: Item, subject: Subject, answers: Answers): Question[] {
  const replaced = item.consumable !== undefined && (answers.consumables[item.consumable] ?? 0) > 0;
  const value = answers.answers[item.key]?.value ?? null;
  const before = subject.previous[item.key] ?? null;
  return plausible(item, value, before, subject.hoursPassed, replaced);
}

/**
 * What is still missing, in the order of the screen. An open item without an answer, an anomaly
 * without a reason (clause 18) and a finding without words block; the rest can be left not tested.
 */
export function missingOf(subject: Subject, answers: Answers): Missing[] {
  const open = subject.openItems
    .filter((number) => !answers.open_items[number])
    .map((number): Missing => ({ kind: "open_item", key: String(number), blocks: true }));
  const unseen = new Set(unseenOf(subject, answers));
  const items = subject.items.flatMap((item): Missing[] =>
    unseen.has(item.key)
      ? [{ kind: "spot_check", key: item.key, blocks: false }]
      : missingOfItem(item, answers),
  );
  const findings = answers.findings
    .filter((finding) => finding.text.trim() === "")
    .map((finding): Missing => ({ kind: "finding", key: finding.uid, blocks: true }));
  return [...open, ...items, ...findings];
}

/** What was sent back, as far as it concerns whether the engineer has seen to it. */
export interface SentBack {
  key: string;
  photoId: string | null;
  item: string | null;
  /** The reading that was sent back. */
  before: Answer | null;
  /** The photos that it had. */
  photosBefore: readonly string[];
}

/**
 * What was sent back and is still as it was. It never blocks: what was right is left as it is, and
 * the engineer says so on purpose.
 */
export function untouchedOf(
  returned: readonly SentBack[],
  draft: Pick<Draft, "answers" | "version">,
  photos: readonly Pick<PhotoInfo, "id" | "item">[],
): Missing[] {
  const untouched = (one: SentBack) => {
    if (one.photoId) return photos.some((photo) => photo.id === one.photoId);
    if (one.item === null) return draft.version === 0;
    const own = photos.filter((photo) => photo.item === one.item).map((photo) => photo.id);
    const samePhotos = own.join() === one.photosBefore.join();
    return samePhotos && sameAnswer(draft.answers[one.item] ?? noAnswer, one.before ?? noAnswer);
  };
  return returned.filter(untouched).map(({ key }) => ({ kind: "returned", key, blocks: false }));
}

function sameAnswer(answer: Answer, before: Answer): boolean {
  const fields = ["value", "cause", "action", "remark", "fixed"] as const;
  return fields.every((name) => (answer[name] ?? null) === (before[name] ?? null));
}

function missingOfItem(item: Item, answers: Answers): Missing[] {
  const outcome = answers.judged[item.key]?.verdict ?? "not_tested";
  const { key } = item;
  if (outcome === "not_tested") {
    return item.optional ? [] : [{ kind: "reading", key, blocks: false }];
  }
  const missing: Missing[] = [];
  const answer = answers.answers[key] ?? noAnswer;
  if (outcome === "abnormal" && !answer.cause.trim() && !answer.remark.trim()) {
    missing.push({ kind: "cause", key, blocks: true });
  }
  const pictured = answers.photos.some((photo) => photo.item === key);
  if (photoRequired(item, outcome) && !pictured) missing.push({ kind: "photo", key, blocks: false });
  return missing;
}

/** The spot checks of an "all OK" that nobody has looked at yet: the server reckons them alike. */
export function unseenOf(subject: Subject, answers: Answers): string[] {
  if (!answers.bulk_ok) return [];
  const given = Object.fromEntries(
    Object.entries(answers.answers)
      .filter(([, answer]) => !isEmpty(answer.value))
      .map(([key, answer]) => [key, answer.bulk ?? false]),
  );
  return unseenSpotChecks(subject.taskId, subject.items, given, picturedIn(answers));
}

function picturedIn(answers: Answers): Set<string> {
  return new Set(answers.photos.flatMap((photo) => photo.item ?? []));
}

/**
 * What "all OK" answers: every item that it can and that has no answer yet. A spot check is left to
 * the hand, unless a photo of it was taken: that is as good as a look.
 */
export function fillAllOk(subject: Subject, answers: Answers): Record<string, string> {
  const spots = spotChecksOf(subject.taskId, subject.items);
  const pictured = picturedIn(answers);
  const filled: Record<string, string> = {};
  for (const item of subject.items) {
    const value = bulkValue(item);
    const answered = !isEmpty(answers.answers[item.key]?.value);
    const left = spots.includes(item.key) && !pictured.has(item.key);
    if (value !== null && !answered && !left) filled[item.key] = value;
  }
  return filled;
}

/** How many of the required items have an answer, for the bar at the top. */
export function answeredOf(subject: Subject, answers: Answers): { done: number; total: number } {
  const asked = subject.items.filter((item) => !item.optional);
  const tested = (item: Item) => (answers.judged[item.key]?.verdict ?? "not_tested") !== "not_tested";
  const carried = subject.openItems.filter((number) => answers.open_items[number]).length;
  return {
    done: asked.filter(tested).length + carried,
    total: asked.length + subject.openItems.length,
  };
}

/** The words of a pick list's key; free text, which is no key, as it was written. */
export function wordsOf(list: readonly Words[], key: string): Words | null {
  return list.find((words) => words.key === key) ?? null;
}

const LONGEST_MONTH_HOURS = 24 * 31;

/** Hours since the first of the month of the last reading: more than that a counter cannot have run. */
export function hoursSince(month: string | undefined, now = Date.now()): number | null {
  if (!month) return null;
  const [year, number] = month.split("-").map(Number) as [number, number];
  const hours = (now - Date.UTC(year, number - 1, 1)) / 3_600_000;
  return hours > 0 ? Math.max(hours, LONGEST_MONTH_HOURS) : null;
}
