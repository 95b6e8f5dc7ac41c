/** Days and months of the service log as texts `YYYY-MM-DD` and `YYYY-MM`; they belong to no zone. Pure. */
import { dayIn } from "../../../i18n";

/** The day that it is in a time zone. */
export function todayIn(timeZone: string | undefined, now = new Date()): string {
  return dayIn(timeZone, now);
}

/** The clock of a time zone, as an input of the kind `time` takes it. */
export function clockIn(timeZone: string | undefined, now = new Date()): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(now);
}

/** So many days on from a day. */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The months up to the one of `today`, the latest first. */
export function monthsUpTo(today: string, count: number): string[] {
  const [year, month] = today.split("-").map(Number);
  return Array.from({ length: count }, (_, back) => new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7));
}

/** Whether nobody works on it by the calendar's week alone. */
export function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}

/** Whether a text is a day that there is. */
export function isDay(text: string | null): text is string {
  return text !== null && /^20\d\d-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}
