/** Sending without a page's engine: from the service worker, and for contracts not on the screen. */
import { queueState } from "../db/outbox";
import { contractsOnPhone, type UserDatabase } from "../db/schema";
import { unsentCount, withDatabase } from "../db/unsent";
import { askJson, type Fetch } from "./http";
import { heartbeat, withSenderLock } from "./lock";
import { pausedBy, runSync } from "./run";

/**
 * Sends what the signed-in user has on this phone, for each of his contracts; another user's
 * databases are not opened. What may still be undone waits unless `everything` is to go: it is under
 * somebody's eyes. Throws when the browser had better wake the worker again later.
 */
export async function sendOutbox(fetch: Fetch, { everything = true } = {}): Promise<void> {
  const answer = await askJson(fetch, { method: "GET", path: "/api/session", timeoutSeconds: 20 });
  const user = answer["user"] as { id?: unknown } | undefined;
  if (typeof user?.id === "number") await sendContracts(user.id, fetch, { everything });
}

/** Sends what is unsent of a user's contracts but one. @throws SyncFailure */
export async function sendContracts(
  userId: number,
  fetch: Fetch,
  { everything = true, except = "" } = {},
): Promise<void> {
  let failure: unknown = null;
  for (const code of await contractsOnPhone(userId)) {
    if (code === except) continue;
    failure = (await withDatabase(userId, code, (db) => sendOne(db, fetch, everything))) ?? failure;
  }
  if (failure) throw failure;
}

async function sendOne(db: UserDatabase, fetch: Fetch, everything: boolean): Promise<unknown> {
  const { records, photos, scans } = await unsentCount(db);
  if (records + photos + scans === 0) return null;
  const result = await withSenderLock(db, () =>
    runSync(db, fetch, { everything, beat: heartbeat(db) }),
  );
  if (!result?.failure) {
    const { release } = await queueState(db, Date.now());
    return !everything && release !== null ? new Error("held: it may still be undone") : null;
  }
  return pausedBy(result.failure) ? null : result.failure;
}
