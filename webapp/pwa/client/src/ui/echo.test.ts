import { expect, test } from "vitest";
import { isEcho, press, screenTurned } from "./echo";

const SOON_MS = 150;
const LATER_MS = 450;

function turnedBy(pointerType: string): (detail: number, clientX: number, afterMs: number) => boolean {
  press({ clientX: 100, clientY: 700, pointerType });
  screenTurned();
  const at = performance.now();
  press({ clientX: 100, clientY: 700, pointerType });
  return (detail, clientX, afterMs) => isEcho({ detail, clientX, clientY: 702 }, at + afterMs);
}

test("a finger's second tap on the same place is an echo, on another place or later it is meant", () => {
  const echo = turnedBy("touch");
  expect(echo(1, 104, SOON_MS)).toBe(true);
  expect(echo(1, 200, SOON_MS)).toBe(false);
  expect(echo(1, 104, LATER_MS)).toBe(false);
});

test("a mouse's echo is what it counts as the second click, however quick the next one", () => {
  const echo = turnedBy("mouse");
  expect(echo(2, 100, SOON_MS)).toBe(true);
  expect(echo(1, 100, SOON_MS)).toBe(false);
});

test("a key that presses a button has no echo", () => {
  expect(turnedBy("touch")(0, 100, SOON_MS)).toBe(false);
});
