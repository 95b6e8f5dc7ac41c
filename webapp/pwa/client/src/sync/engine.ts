/** The page's engine: when to run, when to wait, and what to say when the queue stands still. */
import { phoneId, reportEngine } from "../db/meta";
import { queueState, retryRefused } from "../db/outbox";
import { nextPhotos } from "../db/photo-queue";
import type { UserDatabase } from "../db/schema";
import { noteSpace } from "../db/space";
import { unsentCount } from "../db/unsent";
import { watch } from "../db/watch";
import { backoffMs } from "./backoff";
import { heartbeat, withSenderLock } from "./lock";
import { pausedBy, runSync, type RunOptions, type RunResult } from "./run";
import type { Fetch, SyncFailure } from "./http";
import { sendContracts } from "./worker";

export interface EngineHooks {
  /** The session is over, or another user's: the password is wanted, nothing is lost. */
  onSignInNeeded?: () => void;
  fetch?: Fetch;
}

export const OUTBOX_TAG = "roundbook-outbox";
const PULL_EVERY_MS = 300_000;
const PULL_ON_RETURN_MS = 30_000;
const TICK_MS = 30_000;
const STUCK_MS = 600_000;
const SOON_MS = 50;
const BUSY_MS = 10_000;

/** Keeps one user's database and the server together, as long as the page lives. */
export class SyncEngine {
  readonly #db: UserDatabase;
  readonly #hooks: EngineHooks;
  readonly #fetch: Fetch;
  readonly #endings: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #running = false;
  #again: RunOptions | null = null;
  /** What was asked of a run that found another sender at work. */
  #owed: RunOptions = {};
  #stopped = false;
  #failures = 0;
  #notBefore = 0;
  #reconciled = false;
  #picturesLeft = false;
  #seen: ReadonlySet<string> = new Set();
  #lastPull = -Infinity;
  #lastProgress = performance.now();

  constructor(db: UserDatabase, hooks: EngineHooks = {}) {
    this.#db = db;
    this.#hooks = hooks;
    this.#fetch = hooks.fetch ?? ((input, init) => fetch(input, init));
  }

  start(): void {
    void phoneId(this.#db);
    // What was being sent when the page was killed is not being sent now.
    void reportEngine(this.#db, { phase: "idle", progress: null, retry_at: null, stuck: false });
    this.#listen(globalThis, "online", () => this.nudge());
    this.#listen(globalThis, "offline", () => void reportEngine(this.#db, { phase: "offline" }));
    this.#listen(globalThis.document, "visibilitychange", () => this.#onVisibility());
    this.#listen(globalThis.navigator?.serviceWorker, "message", (event) => {
      if ((event as MessageEvent<{ type?: string }>).data?.type === "OUTBOX") this.nudge();
    });
    const waiting = () => this.#db.outbox.where("state").equals("waiting").primaryKeys();
    this.#endings.push(watch(waiting, (ids) => void this.#onOutbox(ids)));
    const ticking = setInterval(() => void this.#tick(), TICK_MS);
    this.#endings.push(() => clearInterval(ticking));
    this.nudge();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#endings.splice(0).forEach((end) => end());
  }

  /** The network or the session may be back: waits no longer, but only for what is due. */
  nudge(): void {
    this.#notBefore = 0;
    this.#schedule(SOON_MS);
  }

  /** The button: at once, and everything: what could be undone, and what was refused before. */
  async syncNow(): Promise<void> {
    this.#notBefore = 0;
    this.#lastPull = -Infinity;
    await retryRefused(this.#db);
    await this.#run({ everything: true });
  }

  #listen(target: EventTarget | undefined, type: string, listener: (event: Event) => void): void {
    if (!target?.addEventListener) return;
    target.addEventListener(type, listener);
    this.#endings.push(() => target.removeEventListener(type, listener));
  }

  #onVisibility(): void {
    if (document.visibilityState === "hidden") return void this.#flush();
    if (performance.now() - this.#lastPull > PULL_ON_RETURN_MS) this.#lastPull = -Infinity;
    this.nudge();
  }

  /** The page may never wake again: what could still be undone goes now. */
  async #flush(): Promise<void> {
    const { free, release } = await queueState(this.#db, Date.now());
    if (free > 0 || release !== null) await this.#run({ everything: true });
  }

  /** Something was saved, in this tab or another. Noting an attempt is none of that. */
  async #onOutbox(ids: readonly string[]): Promise<void> {
    const fresh = ids.some((id) => !this.#seen.has(id));
    this.#seen = new Set(ids);
    if (!fresh || this.#stopped) return;
    void askForBackgroundSync();
    await this.#scheduleQueue();
  }

  async #scheduleQueue(): Promise<void> {
    const { free, release } = await queueState(this.#db, Date.now());
    if (free > 0) this.#schedule(SOON_MS);
    else if (release !== null) this.#schedule(Math.max(SOON_MS, release - Date.now()));
  }

  /** Every half minute: a pull that is due, photos whose wait is over, a queue that stands still. */
  async #tick(): Promise<void> {
    if (this.#stopped) return;
    if (globalThis.document?.visibilityState !== "hidden") this.#schedule(SOON_MS);
    const unsent = await unsentCount(this.#db);
    const still = performance.now() - this.#lastProgress > STUCK_MS;
    const online = globalThis.navigator?.onLine !== false;
    const stuck = still && online && unsent.records + unsent.photos > 0;
    const status = await this.#db.getMeta("engine");
    if (stuck !== (status?.stuck ?? false)) await reportEngine(this.#db, { stuck });
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    const at = Math.max(performance.now() + delayMs, this.#notBefore);
    if (at >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => {
      this.#dueAt = Infinity;
      const owed = this.#owed;
      this.#owed = {};
      void this.#run(owed);
    }, at - performance.now());
  }

  async #run(options: RunOptions): Promise<void> {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = { ...this.#again, ...options };
      return;
    }
    this.#running = true;
    try {
      await this.#runOnce(options);
    } catch {
      // The store failed: said where it was being written to; sending is tried again later.
      this.#wait(null);
    } finally {
      this.#running = false;
    }
    const again = this.#again;
    this.#again = null;
    if (again?.everything) await this.#run(again);
    else if (again) this.#schedule(SOON_MS);
  }

  async #runOnce(options: RunOptions): Promise<void> {
    if (globalThis.navigator?.onLine === false && !options.everything) {
      return reportEngine(this.#db, { phase: "offline" });
    }
    const pull = performance.now() - this.#lastPull > PULL_EVERY_MS;
    const idle = !pull && !options.everything && this.#reconciled && !this.#picturesLeft;
    // The one timer may have been taken from what can still be undone: it is set again.
    if (idle && !(await this.#anythingDue())) return this.#scheduleQueue();
    const result = await withSenderLock(this.#db, () =>
      runSync(this.#db, this.#fetch, {
        ...options,
        reconcile: !this.#reconciled,
        pull: true,
        pictures: pull || this.#picturesLeft,
        beat: heartbeat(this.#db),
        stopped: () => this.#stopped,
      }),
    );
    if (this.#stopped) return;
    if (result === null) {
      this.#owed = options;
      return this.#schedule(BUSY_MS);
    }
    await this.#after(result);
    if (pull && result.ok) await this.#sendOthers();
  }

  /** What was recorded for the user's other contracts goes too, though they are not on the screen. */
  async #sendOthers(): Promise<void> {
    const { userId, contractCode } = this.#db;
    await sendContracts(userId, this.#fetch, { except: contractCode }).catch(() => undefined);
  }

  async #anythingDue(): Promise<boolean> {
    const now = Date.now();
    const { free } = await queueState(this.#db, now);
    if (free > 0 || (await this.#db.getMeta("reoffer"))) return true;
    return (await nextPhotos(this.#db, now)).length > 0;
  }

  async #after(result: RunResult): Promise<void> {
    if (result.acknowledged > 0) this.#lastProgress = performance.now();
    if (!result.failure) {
      this.#failures = 0;
      this.#notBefore = 0;
      this.#reconciled = true;
      this.#lastPull = performance.now();
      this.#picturesLeft = result.picturesLeft;
      void noteSpace(this.#db);
      // What came free to leave while this run was under way is not made to wait for the next tick.
      const { untried, release } = await queueState(this.#db, Date.now());
      if (untried > 0) this.#schedule(SOON_MS);
      else if (release !== null) this.#schedule(Math.max(SOON_MS, release - Date.now()));
      return;
    }
    const paused = pausedBy(result.failure);
    if (paused === "sign_in" || paused === "other_user") this.#hooks.onSignInNeeded?.();
    this.#wait(result.failure);
  }

  #wait(failure: SyncFailure | null): void {
    this.#failures++;
    const delay = backoffMs(this.#failures, failure?.waitSeconds ?? null);
    this.#notBefore = performance.now() + delay;
    this.#schedule(delay);
    void reportEngine(this.#db, { retry_at: Date.now() + delay });
  }
}

/** Where the browser has Background Sync, the outbox goes even when the page is closed. */
async function askForBackgroundSync(): Promise<void> {
  try {
    const registration = await globalThis.navigator?.serviceWorker?.getRegistration();
    const sync = (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync;
    await sync?.register(OUTBOX_TAG);
  } catch {
    // Not granted, or not there: the page's own triggers remain.
  }
}
