import { describe, expect, it, vi } from "vitest";
import type { Contract } from "../estate/types";
import { contractValues, daysTold, settingsBody, settingsFaults, settingsValues } from "./contract";

const stored = {
  acceptance_strictness: "three",
  recheck_share: 0.125,
  fast_bulk_seconds: 20,
  drawn_signatures: false,
  remind_days_before: [3, 1],
  escalate_days_after: [0, 2],
  report_language: "zh",
} as Contract;

describe("a contract's settings in a form", () => {
  it("come back as they were", () => {
    const { acceptance_strictness, recheck_share, fast_bulk_seconds, drawn_signatures, remind_days_before, escalate_days_after, report_language } = stored;
    expect(settingsBody(settingsValues(stored))).toEqual({
      acceptance_strictness,
      recheck_share,
      fast_bulk_seconds,
      drawn_signatures,
      remind_days_before,
      escalate_days_after,
      report_language,
    });
  });

  it.each([
    ["10", "20", 0],
    ["12,5", "0", 0],
    ["101", "20", 1],
    ["-1", "20", 1],
    ["", "601", 2],
    ["10", "1.5", 1],
  ])("%s per cent and %s seconds", (recheck_percent, fast_bulk_seconds, faults) => {
    const found = settingsFaults({ ...settingsValues(stored), recheck_percent, fast_bulk_seconds });
    expect(Object.values(found).filter(Boolean)).toHaveLength(faults);
  });

  it("says on which days of the month somebody is told", () => {
    expect(daysTold(10, [1, 3], "before")).toEqual([7, 9]);
    expect(daysTold(2, [3, 1], "before")).toEqual([1]);
    expect(daysTold(10, [2, 0], "after")).toEqual([10, 12]);
  });
});

describe("a new contract", () => {
  it("begins in the month that it is where it is, not in the one before", () => {
    vi.useFakeTimers({ now: Date.parse("2027-02-28T16:30:00Z") });
    expect(contractValues().anchor_month).toBe("2027-03");
    vi.useRealTimers();
  });
});
