// The vectors are the server's too: tests/cases/test_kinds.py runs the same file.
import { describe, expect, it } from "vitest";
import vectors from "../../../../../tests/vectors/case_steps.json";
import { missingFields, plainField, stepsOf } from "./cases";

type Row = [string, string, boolean, string | null, string[], string[], string[]];

describe("the steps of a fault", () => {
  for (const [state, key, can, after, asked, required, meets] of vectors.rows as Row[]) {
    it(`${key} of one that is ${state}`, () => {
      const step = stepsOf("fault", state).find((one) => one.key === key);
      expect(step !== undefined).toBe(can);
      if (!step) return;
      expect(step.to ?? state).toBe(after);
      expect(step.fields.map((field) => field.key)).toEqual(asked);
      expect(missingFields(step, {})).toEqual(required);
      expect([...step.meets].sort()).toEqual(meets);
    });
  }
});

it("takes a repair's steps by its way", () => {
  const keys = (state: string, way: string) => stepsOf("repair", state, { way }).map((step) => step.key);
  expect(keys("planned", "warranty")).toContain("send");
  expect(keys("planned", "paid")).not.toContain("send");
  // A new device is what it is about, and the first to be offered; the factory sometimes sends one too.
  expect(keys("approved", "replacement")[0]).toBe("replace");
  expect(keys("returned", "replacement").slice(0, 2)).toEqual(["replace", "put_in_service"]);
  expect(keys("returned", "warranty").slice(0, 2)).toEqual(["put_in_service", "replace"]);
});

it("takes money as it is written, and nothing else for it", () => {
  const cost = { key: "cost", kind: "money", required: false } as const;
  for (const [typed, plain] of [["¥1,200.50", "1200.50"], ["", ""], ["1.005", null], ["-1", null], ["约三百", null]] as const) {
    expect(plainField(cost, typed)).toBe(plain);
  }
});

it("takes a number, a time and a choice as the server wants them", () => {
  const field = (kind: "number" | "at" | "choice", choices?: string[]) => ({ key: "x", kind, required: false, ...(choices ? { choices } : {}) });
  expect(plainField(field("number"), " 12 ")).toBe(12);
  expect(plainField(field("number"), "twelve")).toBeNull();
  expect(plainField(field("at"), "2026-11-27T09:30")).toBe(new Date("2026-11-27T09:30").toISOString());
  expect(plainField(field("at"), "soon")).toBeNull();
  expect(plainField(field("choice", ["yes"]), "yes")).toBe("yes");
  expect(plainField(field("choice", ["yes"]), "no")).toBeNull();
});
