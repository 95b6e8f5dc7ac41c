import { expect, test } from "vitest";
import { changesSince, isOfItem } from "./returned";
import type { Revision } from "./types";

const revision = (number: number, ...changes: [string, unknown, unknown][]) =>
  ({ number, changes: changes.map(([field, before, after]) => ({ field, before, after })) }) as Revision;

test("what later revisions changed of an item, from the first value to the last", () => {
  const revisions = [
    revision(1),
    revision(2, ["readings.lamp.value", 500, 510], ["remark", null, "x"]),
    revision(3, ["readings.lamp.value", 510, 520], ["readings.lamp.remark", null, "看过"], ["readings.image.value", "dim", "ok"]),
    revision(4, ["readings.lamp.remark", "看过", null]),
  ];
  const inspection = { revisions };
  const told = (from: number, item: string | null) =>
    changesSince(inspection, from, item).map(({ field, before, after }) => [field, before, after]);
  expect(told(1, "lamp")).toEqual([["readings.lamp.value", 500, 520]]);
  expect(told(2, "lamp")).toEqual([["readings.lamp.value", 510, 520]]);
  expect(told(3, "lamp")).toEqual([["readings.lamp.remark", "看过", null]]);
  expect(told(4, "lamp")).toEqual([]);
  expect(told(1, null).map(([field]) => field)).toEqual(["readings.lamp.value", "remark", "readings.image.value"]);
});

test("a field belongs to the item that it names", () => {
  expect(isOfItem({ field: "readings.lamp.value" }, "lamp")).toBe(true);
  expect(isOfItem({ field: "readings.lamp_hours.value" }, "lamp")).toBe(false);
  expect(isOfItem({ field: "remark" }, "lamp")).toBe(false);
  expect(isOfItem({ field: "remark" }, null)).toBe(true);
});
