import { currentDatabase } from "./open";
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
