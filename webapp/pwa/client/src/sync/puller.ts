/** Fetching what changed on the server, and the pictures to compare with. */
import type { PullAnswer } from "../api/wire";
import { logEvent, reportEngine } from "../db/meta";
import { queueState } from "../db/outbox";
import { applyPull } from "../db/pulled";
import { keepThumb, picturesWanted } from "../db/thumbs";
import { askServer, contractPath, type SyncContext } from "./context";
import { askPicture, SyncFailure } from "./http";
import { phoneReport } from "./report";

const PICTURES_AT_ONCE = 3;

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
  let done = 0;
  let left = false;
  let wayGiven = false;
  let cutOff = false;
  const fetchNext = async () => {
    while (!cutOff && !wayGiven && !context.stopped()) {
      const id = wanted.shift();
      if (!id) return;
      const failure = await fetchPicture(context, id);
      left ||= failure !== null;
      cutOff ||= failure !== null && !isOfOne(failure);
      done++;
      wayGiven ||= (await queueState(db, Date.now())).untried > 0;
      if (done % 5 === 0 || done === total) {
        await reportEngine(db, { phase: "pulling", progress: { what: "pictures", done, total } });
      }
    }
  };
  await Promise.all(Array.from({ length: PICTURES_AT_ONCE }, fetchNext));
  return !wayGiven && !left;
}

/** Whether the server, asked for this picture, said no to it alone. */
function isOfOne(failure: SyncFailure): boolean {
  return failure.reason === "refused" || failure.status === 500;
}

/** Why a picture didn't come; null when it is kept, or noted as one that the server has not. */
async function fetchPicture(context: SyncContext, id: string): Promise<SyncFailure | null> {
  const { db } = context;
  try {
    await context.beat();
    const path = contractPath(db, `photos/${encodeURIComponent(id)}/image?size=thumb`);
    await keepThumb(db, id, await askPicture(context.fetch, path));
    return null;
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    if (![404, 410].includes(error.status)) return error;
    await keepThumb(db, id, null);
    return null;
  }
}
