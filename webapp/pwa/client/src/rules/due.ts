/**
 * When an item falls due, which readings are questioned, and what "all OK" leaves to be answered by
 * hand: as webapp/checklists/due.py has it.
 */
import { applies, type Content, type Item, itemsOf, LARGEST_NUMBER, type Register } from "./checklist";
import { limit } from "./verdict";

export type Question =
  | "decreased_since_last_time"
  | "rose_too_fast"
  | "replaced_but_not_reset"
  | "recovered_by_itself";

/** How long a unit of an age is at the most; hours are counted, the others are rounded by people. */
const HOURS_PER_UNIT: Readonly<Record<string, number>> = {
  h: 1,
  days: 24,
  months: 31 * 24,
  years: 366 * 24,
};
/** A pack's health in per cent wanders by so many points from one measurement to the next. */
const HEALTH_WANDERS_BY = 5;

/** Of the items that "all OK" could answer, how many are drawn to be answered by hand. */
export const SPOT_CHECK_SHARE = 0.2;
const MONTHS_BETWEEN = { month: 1, quarter: 3, year: 12 } as const;

/** Months since year 0 of a `YYYY-MM`. */
export function monthIndex(month: string): number {
  const [year, number] = month.split("-");
  return Number(year) * 12 + Number(number) - 1;
}

/** The month in which the item last fell due, up to the round's. */
export function latestDueMonth(item: Item, roundMonth: string, anchorMonth: string): number {
  const months = MONTHS_BETWEEN[item.every ?? "month"];
  const now = monthIndex(roundMonth);
  // The remainder of a negative number is negative here, and the anchor may lie ahead.
  const past = (((now - monthIndex(anchorMonth)) % months) + months) % months;
  return now - past;
}

/**
 * Whether the item is to be read in this month's round (months are `YYYY-MM`). One that was missed
 * stays due until it is read; `lastReadMonth` is of an earlier round, null if never read.
 */
export function isDue(
  item: Item,
  roundMonth: string,
  anchorMonth: string,
  lastReadMonth: string | null = null,
): boolean {
  if (lastReadMonth === null) return true;
  return monthIndex(lastReadMonth) < latestDueMonth(item, roundMonth, anchorMonth);
}

/** The items of a device's type that apply to it and are due, in order (clause 15). */
export function dueItems(
  content: Content,
  typeKey: string,
  register: Register,
  roundMonth: string,
  anchorMonth: string,
  lastReadMonths: Readonly<Record<string, string | null>>,
): Item[] {
  const lastRead = (key: string) =>
    Object.hasOwn(lastReadMonths, key) ? (lastReadMonths[key] ?? null) : null;
  return itemsOf(content, typeKey).filter(
    (item) =>
      applies(item, register) && isDue(item, roundMonth, anchorMonth, lastRead(item.key)),
  );
}

/**
 * Questions about the age of a part that is used up: a lamp's hours, a battery's years or health. An
 * age falls only when the part was replaced, and cannot rise by more than the time that passed; one
 * in days, months or years may be a unit more, because people round it. A battery pack's health in
 * per cent recovers only by a new pack. Questions are shown and stored; they never block and never
 * change a verdict.
 */
export function plausible(
  item: Item,
  value: unknown,
  previousValue: unknown,
  hoursPassed: number | null = null,
  consumableReplaced = false,
): Question[] {
  if (item.kind !== "number" || item.consumable === undefined) return [];
  if (!isNumber(value) || !isNumber(previousValue)) return [];
  if (item.unit === "%" && item.consumable === "battery_pack") {
    const recovered = !consumableReplaced && value - previousValue > HEALTH_WANDERS_BY;
    return recovered ? ["recovered_by_itself"] : [];
  }
  const unit = item.unit ?? "";
  if (!Object.hasOwn(HOURS_PER_UNIT, unit)) return [];
  if (consumableReplaced) {
    return value >= previousValue && previousValue > 0 ? ["replaced_but_not_reset"] : [];
  }
  if (value < previousValue) return ["decreased_since_last_time"];
  if (hoursPassed === null) return [];
  const most = hoursPassed / HOURS_PER_UNIT[unit]! + (unit === "h" ? 0 : 1);
  return value - previousValue > most ? ["rose_too_fast"] : [];
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LARGEST_NUMBER;
}

/** What "all OK" answers: pass, or the first normal option; null where one must read. */
export function bulkValue(item: Item): string | null {
  if (item.kind === "pass_fail") return "pass";
  return item.kind === "choice" ? (item.normal?.[0] ?? null) : null;
}

/**
 * The keys, in order, of the items that "all OK" leaves to be answered by hand: `share` (0..1,
 * rounded up) of those that it could answer. The same for a seed (the task's id) on the server.
 */
export function randomSpotChecks(seed: string, items: readonly Item[], share: number): string[] {
  const drawable = items.filter((item) => bulkValue(item) !== null).map((item) => item.key);
  const wanted = Math.max(0, Math.ceil(limit(drawable.length * share)));
  const count = Math.min(drawable.length, wanted);
  const ranked = drawable
    .map((key) => ({ key, rank: mixHash(`${seed}:${key}`) }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const drawn = new Set(ranked.slice(0, count).map(({ key }) => key));
  return drawable.filter((key) => drawn.has(key));
}

/** The items of a task that "all OK" leaves to be looked at: the same at every try. */
export function spotChecksOf(taskId: number, items: readonly Item[]): string[] {
  return randomSpotChecks(String(taskId), items, SPOT_CHECK_SHARE);
}

/**
 * The keys of the spot checks that nobody has looked at: without an own answer and a photo. `given`
 * has the items with an answer, each with whether it was "all OK" that gave it; a photo is as good
 * as a look.
 */
export function unseenSpotChecks(
  taskId: number,
  items: readonly Item[],
  given: Readonly<Record<string, boolean>>,
  pictured: ReadonlySet<string>,
): string[] {
  return spotChecksOf(taskId, items).filter(
    (key) => !Object.hasOwn(given, key) || (given[key] && !pictured.has(key)),
  );
}

/** FNV-1a over UTF-8, then murmur3's finaliser: 32 bits, the same in both languages. */
export function mixHash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
