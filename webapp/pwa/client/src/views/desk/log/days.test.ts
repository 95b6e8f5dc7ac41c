import { describe, expect, it } from "vitest";
import { clockIn, dayAfter, isDay, isWeekend, monthsUpTo, todayIn } from "./days";

const LATE = new Date("2026-03-01T17:30:00Z");

describe("days of the service log", () => {
  it("are those of the contract's place", () => {
    expect(todayIn("Asia/Shanghai", LATE)).toBe("2026-03-02");
    expect(todayIn("UTC", LATE)).toBe("2026-03-01");
    expect(clockIn("Asia/Shanghai", LATE)).toBe("01:30");
  });

  it("follow one another across months and years", () => {
    expect(dayAfter("2026-02-28", 1)).toBe("2026-03-01");
    expect(dayAfter("2026-01-01", -1)).toBe("2025-12-31");
    expect(monthsUpTo("2026-02-10", 3)).toEqual(["2026-02", "2026-01", "2025-12"]);
  });

  it("know weekends, and what is no day", () => {
    expect([isWeekend("2026-03-01"), isWeekend("2026-03-02")]).toEqual([true, false]);
    expect(["2026-03-02", "2026-3-2", "2026-19-40", null].map(isDay)).toEqual([true, false, false, false]);
  });
});
