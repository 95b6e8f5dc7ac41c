/**
 * Which places of a long list are drawn: those in sight, one after the other within a frame's budget,
 * so that a fast scroll never waits for what it passes. A place that is drawn takes over the element
 * of one that has left: making new ones costs more than filling them.
 *
 *     const tiles = recycled(() => ({ first, last, size }));
 *     {#each tiles.drawn as at (at % tiles.size)} … {/each}
 */
import { flushSync, untrack } from "svelte";

/** What a frame may spend on it; the rest of its 16 ms is for laying it out and painting. */
const BUDGET_MS = 4;

export interface Range {
  /** The first place in sight, and the one after the last. */
  first: number;
  last: number;
  /** So many elements there are at the most; never fewer than are in sight. */
  size: number;
  /** The list's length: what lies behind it is drawn no more. */
  total: number;
}

export function recycled(range: () => Range): { readonly drawn: readonly number[]; readonly size: number; draw: (at: number) => void } {
  let drawn = $state.raw<readonly number[]>([]);
  let size = $state.raw(1);

  $effect.pre(() => {
    const goal = range();
    untrack(() => {
      drawn = goal.size === size ? drawn.filter((at) => at < goal.total) : [];
      size = goal.size;
    });
    let frame = 0;
    const go = () => {
      const until = performance.now() + BUDGET_MS;
      do {
        const next = nextToDraw(drawn, goal);
        if (next === null) return;
        drawn = withPlace(drawn, next, size);
        flushSync();
      } while (performance.now() < until);
      frame = requestAnimationFrame(go);
    };
    frame = requestAnimationFrame(go);
    return () => cancelAnimationFrame(frame);
  });

  return {
    get drawn() {
      return drawn;
    },
    get size() {
      return size;
    },
    /** At once, for what is given the focus. */
    draw(at) {
      drawn = withPlace(drawn, at, size);
    },
  };
}

/** The place to draw next: of those in sight and not drawn, the one nearest to the middle. */
export function nextToDraw(drawn: readonly number[], { first, last, total }: Range): number | null {
  const there = new Set(drawn);
  const middle = (first + last - 1) / 2;
  let next: number | null = null;
  for (let at = first; at < Math.min(last, total); at++) {
    if (there.has(at)) continue;
    if (next === null || Math.abs(at - middle) < Math.abs(next - middle)) next = at;
  }
  return next;
}

/** The places in their order with one more, in the element of that which it takes over. */
export function withPlace(drawn: readonly number[], at: number, size: number): readonly number[] {
  if (drawn.includes(at)) return drawn;
  return [...drawn.filter((other) => other % size !== at % size), at].sort((a, b) => a - b);
}
