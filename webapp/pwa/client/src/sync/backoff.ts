/** How long to wait after a failure. */

const FIRST_MS = 2_000;
export const LONGEST_MS = 300_000;

/**
 * Doubles from 2 s to 5 min with the failures in a row, less up to a half by chance, so that a
 * building full of phones doesn't come back at once; never less than the server asked for.
 */
export function backoffMs(
  failures: number,
  askedSeconds: number | null,
  random: () => number = Math.random,
): number {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(failures, 1) - 1, 20));
  const jittered = doubled * (0.5 + random() / 2);
  return Math.round(Math.max(jittered, (askedSeconds ?? 0) * 1000));
}
