/**
 * A signature drawn by hand: strokes of points `[x, y]` in shares of a box three times as wide as high,
 * so that it is the same on every screen and on paper. Bounded as the server bounds it.
 */
export type Point = [number, number];
export type Stroke = Point[];

export const MOST_STROKES = 100;
/** Of all strokes together; beyond it nothing more is drawn. */
export const MOST_POINTS = 2500;
/** Points closer than this (in shares of the width) tell nothing of a hand. */
const CLOSEST = 0.004;
const WIDTH = 300;
const HEIGHT = 100;
export const VIEW_BOX = `0 0 ${WIDTH} ${HEIGHT}`;

/** A stroke with one more point, kept inside the box; the same one where the hand has hardly moved. */
export function addPoint(stroke: Stroke, x: number, y: number): Stroke {
  const point: Point = [share(x), share(y)];
  const last = stroke.at(-1);
  if (last && Math.hypot(point[0] - last[0], (point[1] - last[1]) / 3) < CLOSEST) return stroke;
  return [...stroke, point];
}

function share(value: number): number {
  const inside = Math.min(1, Math.max(0, Number.isFinite(value) ? value : 0));
  return Math.round(inside * 1000) / 1000;
}

/** Whether another stroke, or another point of one, may be drawn. */
export function hasRoom(strokes: readonly Stroke[]): boolean {
  const points = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  return strokes.length < MOST_STROKES && points < MOST_POINTS;
}

/** Whether it is more than dots that a resting hand makes. */
export function isDrawn(strokes: readonly (readonly unknown[])[]): boolean {
  return strokes.some((stroke) => stroke.length > 1);
}

/** The strokes as an SVG path in `VIEW_BOX`, rounded where the hand turned. */
export function pathOf(strokes: readonly (readonly (readonly number[])[])[]): string {
  return strokes
    .map((stroke) => stroke.map(([x = 0, y = 0]): Point => [x * WIDTH, y * HEIGHT]))
    .filter((points) => points.length > 0)
    .map(curve)
    .join("");
}

function curve(points: Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  if (rest.length === 0) return `M${at(first)}h.01`;
  let path = `M${at(first)}`;
  for (let n = 0; n < rest.length - 1; n++) {
    const [one, next] = [rest[n]!, rest[n + 1]!];
    path += `Q${at(one)} ${at([(one[0] + next[0]) / 2, (one[1] + next[1]) / 2])}`;
  }
  return `${path}L${at(rest.at(-1)!)}`;
}

function at([x, y]: Point): string {
  return `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`;
}
