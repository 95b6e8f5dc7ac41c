import { afterEach, describe, expect, it } from "vitest";
import { settings } from "../stores/settings.svelte";
import { sentence, type ToldRow } from "./told";

function said(language: "zh" | "en", kind: string, details: ToldRow["details"]): string {
  settings.language = language;
  return sentence({ kind, details } as ToldRow);
}

afterEach(() => {
  settings.language = "zh";
});

describe("a line of the list", () => {
  const days = { from: "1", to: "2" };

  it.each([
    ["both names", { name_en: "Li Ming", stand_in_en: "Wang Fang" }, "Wang Fang stands in for Li Ming, 1 to 2"],
    ["one has no English name", { name_en: "", stand_in_en: "Wang Fang" }, "Wang Fang stands in for 李明, 1 to 2"],
    ["a line of before", {}, "王芳 stands in for 李明, 1 to 2"],
  ])("names people in the reader's language: %s", (_what, english, expected) => {
    const details = { name: "李明", stand_in: "王芳", ...days, ...english };
    expect(said("en", "stand_in_begins", details)).toBe(expected);
    expect(said("zh", "stand_in_begins", details)).toBe("王芳 代班 李明：1 至 2");
  });

  it.each([
    ["CNY 999.00", "CNY 999.00"],
    ["CNY 1272.00", "CNY 1,272.00"],
    ["CNY 90071992547409931.05", "CNY 90,071,992,547,409,931.05"],
    ["to be agreed", "to be agreed"],
  ])("shows a sum with its thousands: %s", (total, shown) => {
    const details = { number: "Q1-1", title: "1234.50", total };
    expect(said("en", "quote_sent", details)).toBe(`Q1-1 waits for your approval: 1234.50 (${shown})`);
    expect(said("zh", "quote_sent", details)).toBe(`Q1-1 待您批准：1234.50（${shown}）`);
  });
});
