import { currentDatabase, read } from "./open";
import type { UserDatabase } from "./schema";

type OnDatabase<Args extends unknown[], Result> = (
  db: UserDatabase,
  ...args: Args
) => Promise<Result>;

/** The same function on the current database; without one it rejects, and never throws. */
export function bound<Args extends unknown[], Result>(
  work: OnDatabase<Args, Result>,
): (...args: Args) => Promise<Result> {
  return (...args) => {
    try {
      return work(currentDatabase(), ...args);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
}

/** `bound`, for a read that nobody asks again: done once more where the browser has ended it. */
export function boundRead<Args extends unknown[], Result>(
  work: OnDatabase<Args, Result>,
): (...args: Args) => Promise<Result> {
  return bound((db, ...args: Args) => read(db, () => work(db, ...args)));
}
