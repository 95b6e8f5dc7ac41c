import { expect, it, vi } from "vitest";
import { settings } from "../stores/settings.svelte";
import { dayIn, daysUntil, formatDateTime, formatMoment, formatReading, formatTime } from ".";

it("writes a count's unit in the user's language, and leaves a measure's alone", () => {
  settings.language = "zh";
  expect(formatReading(3, "pcs")).toBe("3\u00a0个");
  expect(formatReading(12, "months")).toBe("12\u00a0个月");
  expect(formatReading(48, "V")).toBe("48\u00a0V");
  settings.language = "en";
  expect(formatReading(1, "pcs")).toBe("1\u00a0pc");
  expect(formatReading(0, "times")).toBe("0\u00a0times");
});

it("writes nothing after what has no unit, and no space before a percent sign", () => {
  expect(formatReading(0.62, "1")).toBe("0.62");
  expect(formatReading(42, "%")).toBe("42%");
  expect(formatReading("v2.18", "")).toBe("v2.18");
});

it("tells the day of a zone alike on every engine, however it writes a date", () => {
  const format = vi.spyOn(Intl.DateTimeFormat.prototype, "format" as never, "get");
  format.mockReturnValue((() => "26/11/2026") as never);
  const late = Date.parse("2026-11-26T16:30:00Z");
  expect(dayIn("Asia/Shanghai", late)).toBe("2026-11-27");
  expect(dayIn("America/New_York", late)).toBe("2026-11-26");
  expect(daysUntil("2026-12-10", "Asia/Shanghai", late)).toBe(13);
  format.mockRestore();
});

it("writes a moment of today by its time, and another day's with the day", () => {
  const now = new Date(2026, 10, 28, 9, 0).getTime();
  expect(formatMoment(new Date(2026, 10, 28, 8, 5), now)).toBe(formatTime(new Date(2026, 10, 28, 8, 5)));
  const yesterday = new Date(2026, 10, 27, 23, 59);
  expect(formatMoment(yesterday, now)).toBe(formatDateTime(yesterday));
  expect(formatMoment(yesterday, now)).toContain("27");
});
