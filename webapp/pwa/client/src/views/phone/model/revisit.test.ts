import { expect, it } from "vitest";
import { dayAfter, revisitDays } from "./revisit";

// 17:30 UTC is half past one of the next day in Shanghai.
const now = Date.parse("2026-11-06T17:30:00Z");

it("offers the days that are left before the due date, in the contract's time zone", () => {
  expect(dayAfter(0, "Asia/Shanghai", now)).toBe("2026-11-07");
  expect(revisitDays("2026-11-10", "Asia/Shanghai", now)).toEqual([
    "2026-11-08",
    "2026-11-09",
    "2026-11-10",
  ]);
  expect(revisitDays("2026-11-05", "Asia/Shanghai", now)).toEqual([]);
  expect(revisitDays("2026-11-30", "Asia/Shanghai", now)).toHaveLength(4);
});
