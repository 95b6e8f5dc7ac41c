/** What every part of a run is given, and what it notes of each answer. */
import { logEvent } from "../db/meta";
import type { UserDatabase } from "../db/schema";
import { isoNow } from "../db/ids";
import { askEnvelope, SyncFailure, type Ask, type Fetch } from "./http";

export interface SyncContext {
  db: UserDatabase;
  fetch: Fetch;
  /** Photos sent at once. */
  parallel: number;
  /** Whether what may still be undone goes too: the button, and a page that is being left. */
  everything: boolean;
  /** A sign of life, so that a sender that was put to sleep with the lock can be told. */
  beat: () => Promise<void>;
  /** Set by a run that must end, as when the page closes the database. */
  stopped: () => boolean;
}

/** The path of a resource of the database's contract. */
export function contractPath(db: UserDatabase, resource: string): string {
  return `/api/contracts/${encodeURIComponent(db.contractCode)}/${resource}`;
}

export const JSON_BODY = { "Content-Type": "application/json" };

interface Told {
  epoch: string;
  head: number;
  server_time?: string;
}

/**
 * Asks for one of sync's answers, naming the user whose records these are: the server refuses them
 * under the session of another, who may have signed in in a tab beside us. Notes the epoch, head
 * and clock that the answer carries.
 *
 * @throws SyncFailure
 */
export async function askServer<Answer extends Told>(
  context: SyncContext,
  ask: Ask,
): Promise<Answer> {
  // Photos go several at once: an answer is held against what was known when it was asked for.
  const known = (await context.db.getMeta("head")) ?? 0;
  const meant = { ...ask.headers, "Roundbook-User": String(context.db.userId) };
  const answer = await askEnvelope<Answer>(context.fetch, { ...ask, headers: meant });
  await noteServer(context.db, answer, known);
  return answer;
}

/**
 * Another epoch, or a head that went back, means that an older backup was restored: what the phone
 * holds is offered again, and everything pulled afresh.
 */
async function noteServer(db: UserDatabase, told: Told, known: number): Promise<void> {
  const restored = await db.transaction("rw", db.meta, async () => {
    const [epoch, head] = await Promise.all([db.getMeta("epoch"), db.getMeta("head")]);
    const other = epoch !== undefined && epoch !== told.epoch;
    const back = !other && told.head < known;
    if (other || back) {
      await db.putMeta("reoffer", true);
      await db.putMeta("cursor", 0);
    }
    await db.putMeta("epoch", told.epoch);
    await db.putMeta("head", other || back ? told.head : Math.max(head ?? 0, told.head));
    if (told.server_time) {
      await db.putMeta("server_time", told.server_time);
      await db.putMeta("clock_offset_ms", Date.parse(told.server_time) - Date.now());
    }
    return other || back;
  });
  if (restored) await logEvent(db, "server_restored", { epoch: told.epoch, head: told.head });
}

/**
 * Checks who is signed in in this browser. Another user's session must never carry this user's
 * records: their author would be wrong.
 *
 * @throws SyncFailure `other_user`, or the server's refusal
 */
export function checkUser(db: UserDatabase, answer: Record<string, unknown>): void {
  const user = answer["user"] as { id?: unknown } | undefined;
  if (typeof user?.id !== "number") throw new SyncFailure("foreign", 200);
  if (user.id !== db.userId) throw new SyncFailure("refused", 403, "other_user");
}

export { isoNow };
