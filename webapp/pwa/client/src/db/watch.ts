/**
 * Dexie's live query, kept alive. Its own says nothing more once a read has failed because the
 * browser took the connection away (WebKit does so), and the screen over it stays empty.
 */
import { liveQuery } from "dexie";
import { reviveDatabase } from "./open";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;

/**
 * Tells the query's answer, and each later one when rows that it read change. A query that fails is
 * told of and asked again: soon at first, then every eight seconds.
 *
 * @returns what ends it
 */
export function watch<Value>(
  query: () => Value | Promise<Value>,
  next: (value: Value) => void,
  failed: (error: unknown) => void = () => undefined,
): () => void {
  let wait = FIRST_WAIT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};
  let ended = false;

  const calm = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const ask = () => {
    if (ended) return;
    // Async by name: through any other function Dexie loses sight of what is read after a few awaits.
    const subscription = liveQuery(async () => {
      const asked = query();
      // Here, for what Dexie keeps to itself.
      void Promise.resolve(asked).then(undefined, again);
      return asked;
    }).subscribe({
      next: (value) => {
        calm();
        wait = FIRST_WAIT_MS;
        next(value);
      },
      error: () => undefined,
    });
    unsubscribe = () => subscription.unsubscribe();
  };
  const again = (error: unknown) => {
    if (ended || timer !== undefined) return;
    // A bug of ours is none of the store's troubles.
    if (error instanceof TypeError) console.error("query_broke", error);
    timer = setTimeout(() => {
      calm();
      unsubscribe();
      void reviveDatabase().catch(() => undefined).then(ask);
    }, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    failed(error);
  };

  ask();
  return () => {
    ended = true;
    calm();
    unsubscribe();
  };
}
