import { describe, expect, it } from "vitest";
import { nextToDraw, withPlace } from "./recycled.svelte";

const range = (first: number, last: number, total = 1000) => ({ first, last, size: 8, total });

function drawAll(drawn: readonly number[], goal: ReturnType<typeof range>): readonly number[] {
  for (let next = nextToDraw(drawn, goal); next !== null; next = nextToDraw(drawn, goal)) {
    drawn = withPlace(drawn, next, goal.size);
  }
  return drawn;
}

describe("the places that are drawn", () => {
  it("are in the end all that are in sight, in their order, and never more than there are elements", () => {
    let drawn: readonly number[] = [];
    for (const goal of [range(0, 8), range(3, 11), range(500, 508), range(496, 504), range(0, 5)]) {
      drawn = drawAll(drawn, goal);
      for (let at = goal.first; at < goal.last; at++) expect(drawn).toContain(at);
      expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
      expect(new Set(drawn.map((at) => at % goal.size)).size).toBe(drawn.length);
    }
  });

  it("begin in the middle of what is in sight", () => {
    expect(nextToDraw([], range(10, 17))).toBe(13);
    expect(nextToDraw([13], range(10, 17))).toBe(12);
  });

  it("end with the list", () => {
    expect(drawAll([], range(0, 8, 3))).toEqual([0, 1, 2]);
    expect(nextToDraw([], range(0, 8, 0))).toBeNull();
  });
});
