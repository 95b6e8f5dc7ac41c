/** One sender at a time, over all tabs and the service worker. */
import type { UserDatabase } from "../db/schema";

/** A sender that gave no sign of life for so long was put to sleep with the lock in its hand. */
export const DEAD_MS = 240_000;
const BEAT_EVERY_MS = 5_000;

let running = false;

/**
 * Runs `work` unless another sender is at it.
 *
 * @returns its answer, or null when another had the lock
 */
export async function withSenderLock<Result>(
  db: UserDatabase,
  work: () => Promise<Result>,
): Promise<Result | null> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return withoutLocks(work);
  const name = `roundbook-sync-${db.userId}`;
  const steal = await isDead(db, locks, name);
  return locks.request(name, steal ? { steal } : { ifAvailable: true }, (lock) =>
    lock ? work() : null,
  );
}

/** Old browsers: once per page. The server takes each operation once, whoever sends it. */
async function withoutLocks<Result>(work: () => Promise<Result>): Promise<Result | null> {
  if (running) return null;
  running = true;
  try {
    return await work();
  } finally {
    running = false;
  }
}

async function isDead(db: UserDatabase, locks: LockManager, name: string): Promise<boolean> {
  const { held = [] } = await locks.query();
  if (!held.some((lock) => lock.name === name)) return false;
  const beat = await db.getMeta("beat");
  return beat !== undefined && Math.abs(Date.now() - beat) > DEAD_MS;
}

/** A sign of life for the lock's other seekers, every few seconds at most. */
export function heartbeat(db: UserDatabase): () => Promise<void> {
  let last = -Infinity;
  return async () => {
    const now = Date.now();
    if (Math.abs(now - last) < BEAT_EVERY_MS) return;
    last = now;
    await db.putMeta("beat", now).catch(() => undefined);
  };
}
