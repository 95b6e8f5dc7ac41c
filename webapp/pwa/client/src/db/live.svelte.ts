/**
 * A query of the phone's database as a value that Svelte follows:
 *
 *     const page = live(home);
 *     const shown = live(room, () => [Number(params.id)]);
 *     {#if shown.value} … {/if}
 *
 * The query runs again when rows that it read change (in any tab or in the service worker), when
 * its arguments change, when another database is opened, and when it has failed.
 */
import type { NotSavedError } from "./errors";
import { hasDatabase, onDatabase } from "./open";
import { watch } from "./watch";

/** `waiting`: the browser has not answered for long, as when another page holds the tables. */
export type DatabaseFailure = NotSavedError["reason"] | "waiting";

class Opened {
  /** Changes with the current database. */
  turn = $state(0);
  failure = $state<DatabaseFailure | null>(null);

  constructor() {
    onDatabase(() => this.turn++);
  }
}

const opened = new Opened();

export interface Live<Value> {
  /** The last answer; undefined until the first one. */
  readonly value: Value | undefined;
  readonly error: unknown;
}

/** Must be called while a component is set up (or inside an effect root). */
export function live<Args extends unknown[], Value>(
  query: (...args: Args) => Value | Promise<Value>,
  ...[args]: Args extends [] ? [args?: () => Args] : [args: () => Args]
): Live<Value> {
  let value = $state.raw<Value | undefined>();
  let error = $state.raw<unknown>(null);
  $effect(() => {
    void opened.turn;
    const given = (args?.() ?? []) as Args;
    if (!hasDatabase()) return;
    return watch(
      () => query(...given),
      (answer) => {
        value = answer;
        error = null;
      },
      (failure) => (error = failure),
    );
  });
  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
  };
}

/** Whether a database is open: phone screens show their content only then. */
export function databaseOpen(): boolean {
  void opened.turn;
  return hasDatabase();
}

/** Why the phone's database can't be opened; null when all is well. */
export function databaseFailure(): DatabaseFailure | null {
  return opened.failure;
}

export function noteDatabaseFailure(reason: DatabaseFailure | null): void {
  opened.failure = reason;
}
