/** Figures in words: shares, places, the months to come. */
import { formatMonth, formatNumber, formatReading, pickName, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { settings } from "../../../stores/settings.svelte";
import { monthIndex, monthsFrom, type LinePoint } from "../../../ui/charts";
import type { CounterForecast, MonthTrend, Share } from "./types";

/** `93.7%`, with one decimal unless it is all; a dash where nothing was tested. */
export function percentText(percent: number | null | undefined): string {
  return percent === null || percent === undefined ? "—" : `${formatNumber(percent, { maximumFractionDigits: 1 })}%`;
}

/** How a share moved since the month before, in points of a hundred. */
export function changeText(now: Share, before: Share | undefined): string {
  if (now.percent === null || !before || before.percent === null) return "";
  const points = Math.round((now.percent - before.percent) * 10) / 10;
  if (points === 0) return t("figures.same");
  const figure = formatNumber(Math.abs(points), { maximumFractionDigits: 1 });
  return t(points > 0 ? "figures.up" : "figures.down", { points: figure });
}

/** One point a month from the first round to the last, a gap where a month had none. */
export function monthly(rows: MonthTrend[], value: (row: MonthTrend) => number | null): LinePoint[] {
  if (rows.length === 0) return [];
  const known = new Map(rows.map((row) => [row.month, row]));
  return monthsFrom(rows[0].month, rows[rows.length - 1].month).map((month) => {
    const row = known.get(month);
    return row ? { value: value(row), note: row.state === "open" ? t("figures.under_way") : undefined } : { value: null };
  });
}

interface Placed {
  building_zh: string;
  building_en: string;
  floor: string;
  room_zh: string;
  room_en: string;
}

export function placeText(place: Placed): string {
  return [pickName(place.building_zh, place.building_en), place.floor, pickName(place.room_zh, place.room_en)].filter(Boolean).join(" · ");
}

/** The files of a table under the contract: XLSX and CSV, in the user's language. */
export function files(path: string, query: Record<string, string> = {}): { text: string; href: string }[] {
  const asked = new URLSearchParams({ language: settings.language, ...query });
  return (["xlsx", "csv"] as const).map((kind) => ({
    text: t(`list.export_${kind}`),
    href: `${session.path(path)}.${kind}?${asked}`,
  }));
}

/** When a part comes to its limit, as one word or month. */
export function dueText(row: CounterForecast): string {
  if (row.state === "expected" && row.due_month) return formatMonth(row.due_month);
  return t(`forecast.state_${row.state}`);
}

export function hoursText(hours: number | null): string {
  return hours === null ? "—" : formatReading(Math.round(hours), "h");
}

/** The hours as the forecast goes on, one a month after the last reading, up to the month of the limit. */
export function hoursAhead(row: CounterForecast, most = 12): number[] {
  if (row.rate === null || row.read_in === null || row.state !== "expected" || !row.due_month) return [];
  const last = row.readings[row.readings.length - 1];
  const months = Math.min(most, monthIndex(row.due_month) - monthIndex(row.read_in));
  return Array.from({ length: Math.max(0, months) }, (_, step) => last.hours + (row.rate as number) * (step + 1));
}
