/** Marks on a photo: arrow, circle, text. Places are shares of the picture's width and height. */

export type Tool = "arrow" | "circle" | "text";

export interface Point {
  x: number;
  y: number;
}

export interface Mark {
  tool: Tool;
  from: Point;
  to: Point;
  text: string;
}

const INK = "#ff3d0a";
const EDGE = "#ffffff";

/** Draws the marks over a picture that fills the canvas; line and letters grow with it. */
export function drawMarks(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  marks: readonly Mark[],
): void {
  const { width, height } = context.canvas;
  const line = Math.max(3, Math.round(Math.min(width, height) / 110));
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const mark of marks) {
    // Twice: a white edge under the ink keeps the mark readable on any picture.
    for (const [colour, extra] of [[EDGE, line], [INK, 0]] as const) {
      context.strokeStyle = colour;
      context.fillStyle = colour;
      context.lineWidth = line + extra;
      drawOne(context, mark, scaled(mark.from, width, height), scaled(mark.to, width, height), line);
    }
  }
}

function drawOne(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  mark: Mark,
  from: Point,
  to: Point,
  line: number,
): void {
  if (mark.tool === "text") {
    const size = line * 8;
    context.font = `700 ${size}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    if (context.lineWidth > line) context.strokeText(mark.text, from.x, from.y);
    else context.fillText(mark.text, from.x, from.y);
    return;
  }
  context.beginPath();
  if (mark.tool === "circle") {
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const radius = [Math.abs(to.x - from.x) / 2, Math.abs(to.y - from.y) / 2] as const;
    context.ellipse(middle.x, middle.y, radius[0], radius[1], 0, 0, 2 * Math.PI);
  } else {
    arrow(context, from, to, line * 6);
  }
  context.stroke();
}

function arrow(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  from: Point,
  to: Point,
  head: number,
): void {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  for (const turn of [-1, 1]) {
    const back = angle + Math.PI - turn * 0.5;
    context.moveTo(to.x, to.y);
    context.lineTo(to.x + head * Math.cos(back), to.y + head * Math.sin(back));
  }
}

function scaled(point: Point, width: number, height: number): Point {
  return { x: point.x * width, y: point.y * height };
}

/** Whether a drag was long enough to be meant: a touch alone makes no arrow of no length. */
export function isMeant(mark: Mark): boolean {
  if (mark.tool === "text") return mark.text.trim() !== "";
  return Math.hypot(mark.to.x - mark.from.x, mark.to.y - mark.from.y) > 0.02;
}

/** A mark moved by a step, kept on the picture. */
export function moved(mark: Mark, dx: number, dy: number): Mark {
  const keep = (value: number) => Math.min(1, Math.max(0, value));
  const step = (point: Point) => ({ x: keep(point.x + dx), y: keep(point.y + dy) });
  return { ...mark, from: step(mark.from), to: step(mark.to) };
}
