import { describe, expect, it } from "vitest";
import { isMeant, markInTheMiddle, moved, type Mark } from "./marks";

const arrow: Mark = { kind: "arrow", points: [[0.1, 0.1], [0.9, 0.9]], text: "" };

describe("marks on a photo", () => {
  it("drops a touch that drew nothing, and a text without words", () => {
    expect(isMeant({ ...arrow, points: [[0.5, 0.5], [0.505, 0.5]] })).toBe(false);
    expect(isMeant(arrow)).toBe(true);
    expect(isMeant({ kind: "text", points: [[0, 0]], text: "  " })).toBe(false);
  });

  it("moves whole or by its end, and never leaves the picture", () => {
    expect(moved(arrow, 0.2, 0).points).toEqual([[0.30000000000000004, 0.1], [1, 0.9]]);
    expect(moved(arrow, -0.5, 0.5, true).points).toEqual([[0.1, 0.1], [0.4, 1]]);
  });

  it("begins in the middle, within the picture, for each kind", () => {
    for (const kind of ["arrow", "circle", "text"] as const) {
      const mark = markInTheMiddle(kind, "看这里");
      expect(isMeant(mark)).toBe(true);
      expect(mark.points.flat().every((share) => share > 0 && share < 1)).toBe(true);
    }
  });
});
