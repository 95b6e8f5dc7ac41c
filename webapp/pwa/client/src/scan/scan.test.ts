import { expect, test } from "vitest";
import { labelIn } from "./decode";
import { Seen } from "./seen";

test("only a code of ours counts, whatever else the camera reads", () => {
  expect(labelIn(["https://evil.example/login", "hello"])).toBeNull();
  expect(labelIn(["WIFI:S:guest;;", "HTTPS://ROUNDS.EXAMPLE/D/22222222"])).toBe("22222222");
  expect(labelIn([])).toBeNull();
});

test("a label in view is told once, and again after it has been away or was forgotten", () => {
  const seen = new Seen();
  expect([0, 100, 2_000, 4_400].map((at) => seen.isNew("A", at))).toEqual([true, false, false, false]);
  expect(seen.isNew("A", 6_950)).toBe(true);
  expect(seen.isNew("B", 7_000)).toBe(true);
  expect(seen.isNew("A", 7_050)).toBe(true);
  seen.clear();
  expect(seen.isNew("A", 7_060)).toBe(true);
});
