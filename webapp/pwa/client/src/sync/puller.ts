/** Fetching what changed on the server, and the pictures to compare with. */
import type { PullAnswer } from "../api/wire";
import { logEvent, reportEngine } from "../db/meta";
import { queueState } from "../db/outbox";
import { applyPull } from "../db/pulled";
import { keepThumbs, picturesWanted } from "../db/thumbs";
import { askServer, contractPath, type SyncContext } from "./context";
import { askPictures, SyncFailure } from "./http";
import { phoneReport } from "./report";

/** As many as the server gives at once (`MOST_PICTURES`); a record that is to leave waits for these alone. */
const PICTURES_AT_ONCE = 16;

/** Pulls rows after the cursor. @throws SyncFailure, NotSavedError */
export async function pullRows(context: SyncContext): Promise<void> {
  const { db } = context;
  await reportEngine(db, { phase: "pulling", progress: null });
  await context.beat();
  const [cursor, epoch] = await Promise.all([db.getMeta("cursor"), db.getMeta("epoch")]);
  const query = new URLSearchParams({
    cursor: String(cursor ?? 0),
    epoch: epoch ?? "",
    // Told with the pull too: once all is sent there is no push left to tell it with.
    phone: JSON.stringify(await phoneReport(db)),
  });
  const answer = await askServer<PullAnswer>(context, {
    method: "GET",
    path: `${contractPath(db, "sync/pull")}?${query}`,
    timeoutSeconds: 120,
  });
  const whole =
    typeof answer.full === "boolean" &&
    typeof answer.rows === "object" &&
    typeof answer.gone === "object";
  if (!whole) throw new SyncFailure("foreign", 200);
  await applyPull(db, answer);
  if (answer.full) await logEvent(db, "pulled_all", { head: answer.head });
}

/**
 * Fetches the small pictures of last month's photos and of those that were sent back. It is a
 * comfort: what fails is tried again with the next run, and a record that is to leave goes first.
 * One that the server can't give keeps no other waiting; without a network none is asked for.
 *
 * @returns whether it came to its end; false when it gave way to a record, or one failed
 */
export async function pullPictures(context: SyncContext): Promise<boolean> {
  const { db } = context;
  const wanted = await picturesWanted(db);
  const total = wanted.length;
  let left = false;
  for (let done = 0; done < total && !context.stopped(); done += PICTURES_AT_ONCE) {
    const failure = await fetchPictures(context, wanted.slice(done, done + PICTURES_AT_ONCE));
    if (failure && !isOfThese(failure)) return false;
    left ||= failure !== null;
    if ((await queueState(db, Date.now())).untried > 0) return false;
    const progress = { what: "pictures", done: Math.min(done + PICTURES_AT_ONCE, total), total } as const;
    await reportEngine(db, { phase: "pulling", progress });
  }
  return !left;
}

/** Whether the server, asked for these pictures, said no to them alone. */
function isOfThese(failure: SyncFailure): boolean {
  return failure.reason === "refused" || failure.status === 500;
}

/** Why some didn't come; null when each is kept, or noted as one that the server has not. */
async function fetchPictures(context: SyncContext, ids: string[]): Promise<SyncFailure | null> {
  const { db } = context;
  try {
    await context.beat();
    const query = new URLSearchParams({ photos: ids.join(",") });
    const given = await askPictures(context.fetch, `${contractPath(db, "sync/pictures")}?${query}`);
    await keepThumbs(db, ids.filter((id) => given.has(id)).map((id) => [id, given.get(id)!]));
    return ids.every((id) => given.has(id)) ? null : new SyncFailure("refused", 200);
  } catch (error) {
    if (error instanceof SyncFailure) return error;
    throw error;
  }
}
