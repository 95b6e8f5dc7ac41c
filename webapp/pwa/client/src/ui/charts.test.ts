import { describe, expect, it } from "vitest";
import { labelled, linePath, monthsFrom, niceScale, slices } from "./charts";

describe("a scale", () => {
  it.each([
    [[90.1, 97.4], { min: 0, max: 100 }, [90, 92, 94, 96, 98]],
    [[100, 100, 100], { min: 0, max: 100 }, [90, 95, 100]],
    [[0, 0], { min: 0 }, [0, 0.5, 1]],
    [[2, 18], { min: 0 }, [0, 5, 10, 15, 20]],
    [[723, 4428], {}, [0, 1000, 2000, 3000, 4000, 5000]],
    [[], {}, [0, 0.25, 0.5, 0.75, 1]],
  ])("of %j within %j has round lines", (values, bounds, ticks) => {
    expect(niceScale(values, 5, bounds).ticks).toEqual(ticks);
  });

  it("holds every value and few lines, whatever the values", () => {
    for (let seed = 1; seed < 400; seed++) {
      const low = Math.sin(seed) * 10 ** (seed % 7);
      const values = [low, low + Math.abs(Math.cos(seed * 3)) * 10 ** (seed % 5)];
      const scale = niceScale(values);
      expect(scale.low).toBeLessThanOrEqual(values[0]);
      expect(scale.high).toBeGreaterThanOrEqual(values[1]);
      expect(scale.ticks.length).toBeGreaterThan(1);
      expect(scale.ticks.length).toBeLessThanOrEqual(7);
    }
  });
});

describe("months", () => {
  it("leave none out over the turn of a year", () => {
    expect(monthsFrom("2025-11", "2026-02")).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
    expect(monthsFrom("2026-03", "2026-02")).toEqual([]);
  });

  it("are labelled where there is room, the last one always", () => {
    expect([...labelled(12, 40, 480)]).toHaveLength(12);
    expect([...labelled(12, 40, 200)].sort((a, b) => a - b)).toEqual([2, 5, 8, 11]);
    expect([...labelled(1, 40, 10)]).toEqual([0]);
  });
});

describe("a line", () => {
  it("is broken where a month has no figure", () => {
    expect(linePath([[0, 1], [1, 2], null, [3, 4]])).toBe("M0.0 1.0L1.0 2.0M3.0 4.0");
  });
});

describe("a bar", () => {
  it("shows what is there, be it ever so little, and ends where it should", () => {
    const parts = slices([1, 0, 1999], 2000, 200);
    expect(parts[0].size).toBe(4);
    expect(parts[1].size).toBe(0);
    expect(parts[2].start + parts[2].size).toBeCloseTo(200);
  });

  it("is empty of nothing", () => {
    expect(slices([0, 0], 0, 200)).toEqual([
      { start: 0, size: 0 },
      { start: 0, size: 0 },
    ]);
  });
});
