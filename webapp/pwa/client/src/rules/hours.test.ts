import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { countedHours, minutesBetween } from "./hours";

const file = new URL("../../../../../tests/vectors/hours.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf-8")) as { minutes: number; up: number; nearest: number }[];

describe("counting hours after hours", () => {
  it.each(vectors)("counts $minutes minutes as the server does", ({ minutes, up, nearest }) => {
    expect(countedHours(minutes, "up")).toBe(up);
    expect(countedHours(minutes, "nearest")).toBe(nearest);
  });

  it("takes an end that is not after the begin for the next day's", () => {
    expect(minutesBetween("19:00", "22:30")).toBe(210);
    expect(minutesBetween("22:00", "01:30")).toBe(210);
    expect(minutesBetween("19:00", "19:00")).toBe(1440);
  });
});
