import { describe, expect, it } from "vitest";
import type { Contract } from "../estate/types";
import { daysTold, settingsBody, settingsFaults, settingsValues } from "./contract";

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
