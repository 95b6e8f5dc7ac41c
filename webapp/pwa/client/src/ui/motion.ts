/** A transition's length, or nothing for who asked the system for less motion. */
export function motionMs(milliseconds: number): number {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : milliseconds;
}
