/** Dates, numbers and units as the user's language writes them. */
import { isKey, locale, t } from ".";
import { dayIn } from "./day";

const cache = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>();

function cached<Format extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>(
  key: string,
  make: (locale: string) => Format,
): Format {
  const tag = locale();
  const id = `${tag} ${key}`;
  let format = cache.get(id) as Format | undefined;
  if (!format) cache.set(id, (format = make(tag)));
  return format;
}

export function formatNumber(value: number, options: Intl.NumberFormatOptions = {}): string {
  return cached(JSON.stringify(options), (tag) => new Intl.NumberFormat(tag, options)).format(value);
}

/** A share of one as a percentage: 0.42 is "42%". */
export function formatShare(share: number): string {
  return formatNumber(share, { style: "percent", maximumFractionDigits: 0 });
}

/** A unit as the language writes it: `h` and `dB` are the same in both, `pcs` is `个` in Chinese. */
export function formatUnit(unit: string, value: number | string = 2): string {
  const key = `unit.${unit}`;
  return isKey(key) ? t(key, { count: Number(value) }) : unit;
}

/** A reading with its unit: `1,240 h`, `42%`, `23 °C`; `1` is no unit. */
export function formatReading(value: number | string, unit?: string | null): string {
  const figure = typeof value === "number" ? formatNumber(value, { maximumFractionDigits: 3 }) : value;
  if (!unit || unit === "1") return figure;
  return unit === "%" || unit === "°" ? figure + unit : `${figure}\u00a0${formatUnit(unit, value)}`;
}

/** Bytes in the unit that fits: `312 KB`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return formatNumber(bytes / 1000 ** step, {
    style: "unit",
    unit: units[step],
    unitDisplay: "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  });
}

/** A date `YYYY-MM-DD`, which belongs to no time zone: `10 Nov 2026`, `2026年11月10日`. */
export function formatDate(date: string, options: Intl.DateTimeFormatOptions = DATE): string {
  const zoned = { ...options, timeZone: "UTC" };
  return dateFormat(zoned).format(new Date(`${date.slice(0, 10)}T00:00:00Z`));
}

/** A date without its year: `10 Nov`, `11月10日`. */
export function formatDay(date: string): string {
  return formatDate(date, { month: "short", day: "numeric" });
}

/** A month `YYYY-MM`: `November 2026`, `2026年11月`. */
export function formatMonth(month: string): string {
  return formatDate(`${month}-01`, { year: "numeric", month: "long" });
}

/** A moment, in the contract's time zone where it is given, else in the device's. */
export function formatDateTime(moment: string | number | Date, timeZone?: string): string {
  const options = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZone } as const;
  return dateFormat(options).format(new Date(moment));
}

export function formatTime(moment: string | number | Date, timeZone?: string): string {
  return dateFormat({ hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(moment));
}

/** As short as it is clear: today's `14:20`, another day's `10 Nov, 14:20`. */
export function formatMoment(moment: string | number | Date, now = Date.now()): string {
  const then = new Date(moment);
  const today = then.toDateString() === new Date(now).toDateString();
  return today ? formatTime(then) : formatDateTime(then);
}

/** How long ago, or how far ahead: `3 minutes ago`, `3分钟前`. */
export function formatAgo(moment: string | number | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(moment).getTime() - now) / 1000);
  const [size, unit] = AGO.find(([limit]) => Math.abs(seconds) >= limit) ?? AGO[AGO.length - 1];
  const format = cached("ago", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto" }));
  return format.format(Math.trunc(seconds / size), unit);
}

/** Days from today to a date, both taken in the given time zone; negative when past. */
export function daysUntil(date: string, timeZone?: string, now = Date.now()): number {
  return Math.round((Date.parse(date.slice(0, 10)) - Date.parse(dayIn(timeZone, now))) / 86_400_000);
}

const DATE: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric" };
const AGO: [number, Intl.RelativeTimeFormatUnit][] = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return cached(`date${JSON.stringify(options)}`, (tag) => new Intl.DateTimeFormat(tag, options));
}
