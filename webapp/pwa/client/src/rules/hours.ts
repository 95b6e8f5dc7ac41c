/** How hours after hours are counted, as `webapp/hours/rules.py` states it: a preview, the server's own count is kept. */

const HALF_HOUR_MINUTES = 30;

/** The hours that so many minutes of work count, half an hour at least. */
export function countedHours(workedMinutes: number, rounding: string): number {
  const halves = workedMinutes / HALF_HOUR_MINUTES;
  const whole = rounding === "nearest" ? Math.floor(halves + 0.5) : Math.ceil(halves);
  return Math.max(1, whole) / 2;
}

/** Minutes from a begin to an end, two clocks `HH:MM`; an end that is not after the begin is the next day's. */
export function minutesBetween(begin: string, end: string): number {
  const minutes = clockMinutes(end) - clockMinutes(begin);
  return minutes > 0 ? minutes : minutes + 24 * 60;
}

function clockMinutes(clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}
