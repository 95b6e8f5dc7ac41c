/** Sending from the service worker, when the network comes back and no page is awake. */
import { openDatabase } from "../db/open";
import { contractsOnPhone, type UserDatabase } from "../db/schema";
import { askJson, type Fetch } from "./http";
import { heartbeat, withSenderLock } from "./lock";
import { pausedBy, runSync } from "./run";

/**
 * Sends what the signed-in user has on this phone, for each of his contracts; another user's
 * databases are not opened. Throws when the browser had better wake the worker again later.
 */
export async function sendOutbox(fetch: Fetch): Promise<void> {
  const answer = await askJson(fetch, { method: "GET", path: "/api/session", timeoutSeconds: 20 });
  const user = answer["user"] as { id?: unknown } | undefined;
  if (typeof user?.id !== "number") return;
  let failure: unknown = null;
  for (const code of await contractsOnPhone(user.id)) {
    const db = await openDatabase(user.id, code);
    try {
      failure = (await sendOne(db, fetch)) ?? failure;
    } finally {
      db.close();
    }
  }
  if (failure) throw failure;
}

async function sendOne(db: UserDatabase, fetch: Fetch): Promise<unknown> {
  const result = await withSenderLock(db, () =>
    runSync(db, fetch, { everything: true, beat: heartbeat(db) }),
  );
  if (!result?.failure) return null;
  return pausedBy(result.failure) ? null : result.failure;
}
