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

it("takes nothing but notes of another kind", () => {
  expect(stepsOf("repair", "sent").map((step) => step.key)).toEqual(["note"]);
});

it("takes money as it is written, and nothing else for it", () => {
  const cost = { key: "cost", kind: "money", required: false } as const;
  for (const [typed, plain] of [["¥1,200.50", "1200.50"], ["", ""], ["1.005", null], ["-1", null], ["约三百", null]] as const) {
    expect(plainField(cost, typed)).toBe(plain);
  }
});
