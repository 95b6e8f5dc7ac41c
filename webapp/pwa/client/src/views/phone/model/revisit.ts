/** The days that are offered for a second visit: those left before the round is due. */
import { dayIn } from "../../../i18n";

const OFFERED = 4;
const DAY_MS = 86_400_000;

/** Today and `days` more, as `YYYY-MM-DD` in the contract's time zone. */
export function dayAfter(days: number, timeZone?: string, now = Date.now()): string {
  return new Date(Date.parse(`${dayIn(timeZone, now)}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The next days up to the due date; none once it has passed. */
export function revisitDays(dueOn: string, timeZone?: string, now = Date.now()): string[] {
  const days = Array.from({ length: OFFERED }, (_, n) => dayAfter(n + 1, timeZone, now));
  return days.filter((day) => day <= dueOn.slice(0, 10));
}
