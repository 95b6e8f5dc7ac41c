/** Small shared facts: this phone's id, the sync log, the engine's report. */
import { isoNow } from "./ids";
import type { UserDatabase } from "./schema";
import type { EngineStatus } from "./types";

const LOG_LINES = 500;

export const IDLE: EngineStatus = {
  phase: "idle",
  paused: null,
  progress: null,
  retry_at: null,
  error: "",
  error_at: null,
  last_answer_at: null,
  stuck: false,
};

/** This phone's id: random, made once, the same for all its users' pushes to one contract. */
export function phoneId(db: UserDatabase): Promise<string> {
  return db.transaction("rw", db.meta, async () => {
    const known = await db.getMeta("phone_id");
    if (known) return known;
    const made = crypto.randomUUID();
    await db.putMeta("phone_id", made);
    return made;
  });
}

/** Writes a line into the sync log, and drops the oldest. The log never stops what it tells of. */
export async function logEvent(
  db: UserDatabase,
  what: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  try {
    const n = await db.events.add({ at: isoNow(), what, detail });
    if (n % 50 === 0) await db.events.where("n").belowOrEqual(n - LOG_LINES).delete();
  } catch {
    // A full store must be able to empty itself by sending.
  }
}

/** Changes the engine's report; what is not given stays as it was. */
export async function reportEngine(db: UserDatabase, change: Partial<EngineStatus>): Promise<void> {
  try {
    await db.transaction("rw", db.meta, async () => {
      const before = (await db.getMeta("engine")) ?? IDLE;
      await db.putMeta("engine", { ...before, ...change });
    });
  } catch {
    // As above: a report is comfort, sending is duty.
  }
}
