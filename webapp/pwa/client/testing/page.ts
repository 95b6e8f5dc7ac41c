/**
 * One life of the app on this phone: its database connection, its network, its one sender.
 *
 * A crash ends all three at once. What was under way never comes back: the disk is closed to it,
 * its requests are cut, and its lock is gone with it. The disk itself stays for the next life.
 */
import { openDatabase } from "../src/db/open";
import type { UserDatabase } from "../src/db/schema";
import type { Fetch } from "../src/sync/http";
import { heartbeat, withSenderLock } from "../src/sync/lock";
import { runSync, type RunOptions, type RunResult } from "../src/sync/run";

type Work = (lock: object | null) => unknown;

/** The browser's locks, as far as the sender asks for them: one holder, the others go without. */
class Locks {
  #held = new Map<string, object>();

  async request(name: string, options: { steal?: boolean }, work: Work): Promise<unknown> {
    if (this.#held.has(name) && !options.steal) return work(null);
    const lock = { name };
    this.#held.set(name, lock);
    try {
      return await work(lock);
    } finally {
      if (this.#held.get(name) === lock) this.#held.delete(name);
    }
  }

  async query(): Promise<{ held: object[] }> {
    return { held: [...this.#held.values()] };
  }
}

/** What a browser keeps beside the pages: the session's cookie, and where the server is. */
export interface Browser {
  server: string;
  cookie: string;
}

export class Page {
  readonly db: UserDatabase;
  readonly #browser: Browser;
  readonly #end = new AbortController();
  #reconciled = false;

  private constructor(db: UserDatabase, browser: Browser) {
    this.db = db;
    this.#browser = browser;
    const value = { onLine: true, locks: new Locks() };
    Object.defineProperty(globalThis, "navigator", { value, configurable: true, writable: true });
  }

  static async open(browser: Browser, userId: number, contractCode: string): Promise<Page> {
    return new Page(await openDatabase(userId, contractCode), browser);
  }

  readonly fetch: Fetch = (path, init) => {
    const cut = AbortSignal.any([this.#end.signal, ...(init.signal ? [init.signal] : [])]);
    const headers = { ...(init.headers as Record<string, string>), Cookie: this.#browser.cookie };
    return fetch(this.#browser.server + path, { ...init, headers, signal: cut });
  };

  /** One run of the sender; the first of a life asks what the server lacks. Null: another is at it. */
  async sync(options: RunOptions = {}): Promise<RunResult | null> {
    const result = await withSenderLock(this.db, () =>
      runSync(this.db, this.fetch, {
        everything: true,
        reconcile: !this.#reconciled,
        pull: true,
        beat: heartbeat(this.db),
        ...options,
      }),
    );
    if (result?.ok) this.#reconciled = true;
    return result;
  }

  crash(): void {
    this.db.close({ disableAutoOpen: true });
    // A write that finds its connection lost opens it again: this life's never will.
    this.db.open = (() => new Promise(() => undefined)) as typeof this.db.open;
    this.#end.abort();
  }
}
