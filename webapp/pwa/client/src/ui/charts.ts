/** The arithmetic of the charts: scales with round figures, months without gaps, labels with room. Pure. */

import type { State } from "./states";

/** A point of a line; `value` is null where the month has no figure, `note` is read out beside it. */
export interface LinePoint {
  value: number | null;
  state?: State;
  note?: string;
}

export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

const STEPS = [1, 2, 2.5, 5, 10];

/**
 * A scale around the values whose lines fall on round figures, at most `most` of them.
 * It keeps within `bounds`, so that no share is drawn beyond 100.
 */
export function niceScale(values: number[], most = 5, bounds: { min?: number; max?: number } = {}): Scale {
  const known = values.filter(Number.isFinite);
  const from = known.length > 0 ? Math.min(...known) : 0;
  const to = known.length > 0 ? Math.max(...known) : 1;
  const flat = from === to ? Math.max(Math.abs(from) * 0.1, 1) : 0;
  const wanted = (to - from + 2 * flat) / Math.max(1, most - 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * (STEPS.find((one) => one * power >= wanted * (1 - 1e-9)) ?? 10);
  let low = Math.floor((from - flat) / step + 1e-9) * step;
  let high = Math.ceil((to + flat) / step - 1e-9) * step;
  if (bounds.min !== undefined) low = Math.max(low, bounds.min);
  if (bounds.max !== undefined) high = Math.min(high, bounds.max);
  if (high <= low) low = high - step;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) ticks.push(rounded(tick));
  return { low: rounded(low), high: rounded(high), ticks };
}

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** The months `YYYY-MM` from the first to the last, both included, none left out. */
export function monthsFrom(first: string, last: string): string[] {
  const end = monthIndex(last);
  const months: string[] = [];
  for (let index = monthIndex(first); index <= end; index++) months.push(monthOf(index));
  return months;
}

export function monthIndex(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

export function monthOf(index: number): string {
  return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`;
}

/** Which of `count` labels have room, when each takes `width` of `room`: always the last, evenly before it. */
export function labelled(count: number, width: number, room: number): Set<number> {
  const every = Math.max(1, Math.ceil((count * width) / Math.max(room, width)));
  const shown = new Set<number>();
  for (let index = count - 1; index >= 0; index -= every) shown.add(index);
  return shown;
}

/** A line through the points, broken where there is none; a lone point gets no line. */
export function linePath(points: (readonly [number, number] | null)[]): string {
  let path = "";
  points.forEach((point, index) => {
    if (!point) return;
    path += `${index > 0 && points[index - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
  });
  return path;
}

export interface Slice {
  start: number;
  size: number;
}

/** Lengths of a bar's parts on a scale: nothing that is there is thinner than `least`. */
export function slices(values: number[], total: number, room: number, least = 4): Slice[] {
  const sizes = values.map((value) => (value > 0 && total > 0 ? Math.max(least, (value / total) * room) : 0));
  const over = sizes.reduce((sum, size) => sum + size, 0) - room;
  const widest = sizes.indexOf(Math.max(...sizes));
  if (over > 0) sizes[widest] -= over;
  let start = 0;
  return sizes.map((size) => {
    const slice = { start, size };
    start += size;
    return slice;
  });
}
