/** One run of sync, from asking who we are to tidying up. Runs in the page and in the worker. */
import { logEvent, reportEngine } from "../db/meta";
import { tidy } from "../db/retention";
import type { UserDatabase } from "../db/schema";
import { unsentCount } from "../db/unsent";
import { checkUser, isoNow, type SyncContext } from "./context";
import { askJson, SyncFailure, type Fetch } from "./http";
import { sendPhotos } from "./photos";
import { pullPictures, pullRows } from "./puller";
import { askAgain, pushOutbox } from "./push";
import { reconcile } from "./reconcile";

export const PARALLEL_PHOTOS = 4;

export interface RunOptions {
  /** What may still be undone goes too. */
  everything?: boolean;
  /** Ask the server what it lacks of all that is held, as at every start. */
  reconcile?: boolean;
  pull?: boolean;
  pictures?: boolean;
  stopped?: () => boolean;
  beat?: () => Promise<void>;
  parallel?: number;
}

/** `ok` false: `failure` tells why the run ended; what was acknowledged before stays so. */
export interface RunResult {
  ok: boolean;
  acknowledged: number;
  failure: SyncFailure | null;
  /** Whether pictures were left for the next run: a record was to be sent first, or one failed. */
  picturesLeft: boolean;
}

type Paused = "sign_in" | "no_access" | "other_user";

/**
 * Sends, then pulls. Never throws on what the network or the server does; a store that fails
 * (NotSavedError) is thrown on.
 */
export async function runSync(
  db: UserDatabase,
  fetch: Fetch,
  options: RunOptions = {},
): Promise<RunResult> {
  const context: SyncContext = {
    db,
    fetch,
    parallel: options.parallel ?? PARALLEL_PHOTOS,
    everything: options.everything ?? false,
    beat: options.beat ?? (async () => undefined),
    stopped: options.stopped ?? (() => false),
  };
  const tally = { acknowledged: 0, picturesLeft: false };
  try {
    await steps(context, options, tally);
    await finished(db);
    return { ok: true, ...tally, failure: null };
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    await failed(db, error);
    return { ok: false, ...tally, failure: error };
  }
}

async function steps(
  context: SyncContext,
  options: RunOptions,
  tally: { acknowledged: number; picturesLeft: boolean },
): Promise<void> {
  const { db, fetch } = context;
  await context.beat();
  checkUser(db, await askJson(fetch, { method: "GET", path: "/api/session", timeoutSeconds: 20 }));
  await reportEngine(db, { paused: null, last_answer_at: isoNow() });
  if (options.reconcile || (await db.getMeta("reoffer"))) await reconcile(context);
  let stuck = await send(context, tally);
  stuck = (await offerAgain(context, tally)) ?? stuck;
  if (options.pull && !context.stopped()) {
    await askAgain(context);
    await pullRows(context);
    await tidy(db);
    stuck = (await offerAgain(context, tally)) ?? stuck;
  }
  if (options.pictures && !context.stopped()) tally.picturesLeft = !(await pullPictures(context));
  if (stuck) throw stuck;
}

/** @returns why records stay behind that the server fails on: neither photos nor a pull wait for them */
async function send(context: SyncContext, tally: { acknowledged: number }): Promise<SyncFailure | null> {
  const { acknowledged, stuck } = await pushOutbox(context);
  tally.acknowledged += acknowledged;
  tally.acknowledged += await sendPhotos(context);
  return stuck;
}

/** An answer may just have told of a restored backup: then all is offered in this very run. */
async function offerAgain(context: SyncContext, tally: { acknowledged: number }): Promise<SyncFailure | null> {
  if (!(await context.db.getMeta("reoffer"))) return null;
  await reconcile(context);
  return send(context, tally);
}

async function finished(db: UserDatabase): Promise<void> {
  const change = { phase: "idle", progress: null, retry_at: null, error: "", stuck: false } as const;
  await reportEngine(db, { ...change, paused: null, last_answer_at: isoNow() });
}

async function failed(db: UserDatabase, failure: SyncFailure): Promise<void> {
  const paused = pausedBy(failure);
  const offline = failure.reason === "offline" || failure.reason === "timeout";
  await reportEngine(db, {
    phase: paused ? "paused" : offline ? "offline" : "waiting",
    paused,
    progress: null,
    error: failure.code || failure.reason,
    error_at: isoNow(),
  });
  if (!offline) {
    const { reason, status, code } = failure;
    await logEvent(db, "sync_failed", { reason, status, code, ...(await unsentCount(db)) });
  }
}

/** What only a person can mend; nothing is deleted, and the next run asks again. */
export function pausedBy(failure: SyncFailure): Paused | null {
  if (failure.reason !== "refused") return null;
  if (failure.code === "other_user") return "other_user";
  if (failure.status === 401) return "sign_in";
  return failure.status === 403 || failure.status === 404 ? "no_access" : null;
}
