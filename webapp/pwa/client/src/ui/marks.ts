/**
 * What a supervisor draws on a photo that goes back: points are `[x, y]` in shares of the
 * picture's sides. An arrow points from its first to its second; a circle fills the box between them.
 */
export type MarkKind = "arrow" | "circle" | "text";
export type Point = [x: number, y: number];

export interface Mark {
  kind: MarkKind;
  points: Point[];
  text: string;
}

/** Whether a drag was long enough to be meant. */
export function isMeant(mark: Mark): boolean {
  if (mark.kind === "text") return mark.text.trim() !== "";
  const [from, to] = mark.points;
  return Math.hypot(to[0] - from[0], to[1] - from[1]) > 0.02;
}

/** A mark in the middle of the picture, for those who draw with the keyboard. */
export function markInTheMiddle(kind: MarkKind, text: string): Mark {
  if (kind === "text") return { kind, points: [[0.42, 0.5]], text };
  if (kind === "circle") return { kind, points: [[0.4, 0.4], [0.6, 0.6]], text: "" };
  return { kind, points: [[0.3, 0.7], [0.5, 0.5]], text: "" };
}

/** The mark moved by a step; with `end` only its last point, which turns or resizes it. */
export function moved(mark: Mark, dx: number, dy: number, end = false): Mark {
  const keep = (value: number) => Math.min(1, Math.max(0, value));
  const step = ([x, y]: Point): Point => [keep(x + dx), keep(y + dy)];
  const last = mark.points.length - 1;
  return { ...mark, points: mark.points.map((point, index) => (end && index < last ? point : step(point))) };
}

/** The two strokes of an arrow's head, as an SVG path in the picture's own units. */
export function arrowPath(mark: Mark, width: number, height: number, head: number): string {
  const [from, to] = mark.points.map(([x, y]) => [x * width, y * height]);
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const strokes = [-1, 1].map((turn) => {
    const back = angle + Math.PI - turn * 0.5;
    return `M${to[0]} ${to[1]}L${to[0] + head * Math.cos(back)} ${to[1] + head * Math.sin(back)}`;
  });
  return `M${from[0]} ${from[1]}L${to[0]} ${to[1]}${strokes.join("")}`;
}
