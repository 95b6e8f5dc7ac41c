import { describe, expect, it } from "vitest";
import { mixed } from "./gradual.svelte";

describe("a list that is replaced from the top", () => {
  it("is the new list down to where the drawing has come, and the former below", () => {
    expect(mixed(["a", "b", "c", "d"], ["k", "l", "m", "n"], 2)).toEqual(["a", "b", "m", "n"]);
  });

  it("grows from nothing", () => {
    expect(mixed(["a", "b", "c"], [], 2)).toEqual(["a", "b"]);
  });

  it("lets the rows of a longer former list go step by step", () => {
    const steps = [2, 4, 6].map((count) => mixed(["a"], ["k", "l", "m", "n", "o"], count).length);
    expect(steps).toEqual([4, 2, 1]);
  });

  it("ends as the very list that was given", () => {
    const goal = ["a", "b"];
    expect(mixed(goal, ["k", "l"], 2)).toBe(goal);
  });
});
