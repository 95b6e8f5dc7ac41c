/**
 * A long list that is drawn a few rows a frame, so that a slow phone goes on answering:
 *
 *     const drawn = gradually(() => rows);
 *     {#each drawn.rows as row, index (index)} … {/each}
 *
 * The first rows stand at once. When the list changes it is replaced from the top, row by row: what
 * is below is the former list for a few frames, so the rows' key must be their place.
 */
import { flushSync, untrack } from "svelte";

const FIRST = 10;
const STEP = 2;
/** What a frame may spend on rows; the rest of its 16 ms is for laying them out and painting. */
const BUDGET_MS = 4;

export function gradually<Row>(rows: () => readonly Row[], first = FIRST): { readonly rows: readonly Row[] } {
  let drawn = $state.raw<readonly Row[]>([]);

  $effect.pre(() => {
    const goal = rows();
    let count = untrack(() => drawn).length === 0 ? first : STEP;
    let frame = 0;
    let ended = false;
    const take = () => (drawn = mixed(goal, untrack(() => drawn), count));
    const go = () => {
      const until = performance.now() + BUDGET_MS;
      do {
        count += STEP;
        take();
        flushSync();
      } while (!ended && drawn !== goal && performance.now() < until);
      // Drawing may itself have brought a newer list, which draws on by itself.
      if (!ended && drawn !== goal) frame = requestAnimationFrame(go);
    };
    take();
    if (untrack(() => drawn) !== goal) frame = requestAnimationFrame(go);
    return () => {
      ended = true;
      cancelAnimationFrame(frame);
    };
  });

  return {
    get rows() {
      return drawn;
    },
  };
}

/** The list while it is being replaced: `count` rows of the new one, then what is left of the old. */
export function mixed<Row>(goal: readonly Row[], former: readonly Row[], count: number): readonly Row[] {
  if (count >= Math.max(goal.length, former.length)) return goal;
  return [...goal.slice(0, count), ...former.slice(count)];
}
