import { describe, expect, it } from "vitest";
import { Dwell } from "./dwell";

function clock() {
  let now = 5000;
  const dwell = new Dwell(() => now);
  const pass = (milliseconds: number, seen = true) => {
    now += milliseconds;
    dwell.tick(seen);
  };
  return { dwell, pass };
}

describe("the time that an inspection is in sight", () => {
  it("is counted in whole seconds, and nothing is counted twice or lost", () => {
    const { dwell, pass } = clock();
    for (let tick = 0; tick < 7; tick++) pass(1000.4);
    expect(dwell.take()).toBe(7);
    expect(dwell.take()).toBe(0);
    for (let tick = 0; tick < 6; tick++) pass(333);
    expect(dwell.take()).toBe(2);
  });

  it("stands still while the app is hidden or a finished record is looked at", () => {
    const { dwell, pass } = clock();
    pass(1000);
    for (let tick = 0; tick < 600; tick++) pass(1000, false);
    pass(1000);
    expect(dwell.take()).toBe(2);
  });

  it("leaves out the night that a phone has slept between two ticks", () => {
    const { dwell, pass } = clock();
    pass(1000);
    pass(8 * 3_600_000);
    expect(dwell.take()).toBe(4);
  });
});
