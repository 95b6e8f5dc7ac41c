import { expect, it } from "vitest";
import { changedOf } from "./changed";

it("only what was changed in a form is sent", () => {
  const begun = { name: "电视 甲", serial: "", warranty_until: null as string | null, days: [3, 1] };
  expect(changedOf(begun, structuredClone(begun))).toEqual({});
  expect(changedOf({ ...begun, serial: "SN-1", days: [3] }, begun)).toEqual({ serial: "SN-1", days: [3] });
});

it("what was emptied is sent as empty", () => {
  const begun = { name: "电视 甲", warranty_until: "2027-01-01" as string | null };
  expect(changedOf({ name: "", warranty_until: null }, begun)).toEqual({ name: "", warranty_until: null });
});
