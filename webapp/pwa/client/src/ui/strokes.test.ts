import { describe, expect, it } from "vitest";
import { addPoint, hasRoom, isDrawn, MOST_POINTS, MOST_STROKES, pathOf, type Stroke } from "./strokes";

describe("a drawn signature", () => {
  it("stays inside its box, in thousandths of its sides", () => {
    expect(addPoint([], -0.2, 1.7)).toEqual([[0, 1]]);
    expect(addPoint([], 0.123456, Number.NaN)).toEqual([[0.123, 0]]);
  });

  it("takes no point where the hand has hardly moved", () => {
    const stroke: Stroke = [[0.5, 0.5]];
    expect(addPoint(stroke, 0.501, 0.502)).toBe(stroke);
    expect(addPoint(stroke, 0.51, 0.5)).toEqual([
      [0.5, 0.5],
      [0.51, 0.5],
    ]);
  });

  it("is bounded as the server bounds it", () => {
    const point: Stroke = [[0, 0]];
    expect(hasRoom([])).toBe(true);
    expect(hasRoom(Array.from({ length: MOST_STROKES }, () => point))).toBe(false);
    expect(hasRoom([Array.from({ length: MOST_POINTS }, () => [0, 0] as [number, number])])).toBe(false);
  });

  it("is none as long as there are only dots", () => {
    expect(isDrawn([])).toBe(false);
    expect(isDrawn([[[0.1, 0.1]]])).toBe(false);
    expect(isDrawn([[[0.1, 0.1]], [[0.1, 0.1], [0.2, 0.2]]])).toBe(true);
  });

  it("is drawn as a path of its box, and holds nothing but figures", () => {
    expect(pathOf([])).toBe("");
    expect(pathOf([[[0.5, 0.5]]])).toBe("M150 50h.01");
    expect(pathOf([[[0, 0], [1, 1]]])).toBe("M0 0L300 100");
    expect(pathOf([[[0, 0], [0.5, 0.25], [1, 1]]])).toBe("M0 0Q150 25 225 62.5L300 100");
    expect(pathOf([[[0.3333, 0.6667]], [[0, 0], [0, 1]]])).toMatch(/^[MQLh0-9. ]+$/);
  });
});
