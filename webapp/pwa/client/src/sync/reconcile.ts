/** Asking the server what it lacks of all that this phone still holds, and queueing it again. */
import type { MissingAnswer, MissingBody } from "../api/wire";
import { logEvent } from "../db/meta";
import { requeueOperations } from "../db/outbox";
import { requeuePhotos } from "../db/photo-queue";
import { askServer, contractPath, JSON_BODY, type SyncContext } from "./context";
import { SyncFailure } from "./http";

const AT_ONCE = 2_000;

/**
 * Offers ids and hashes of everything acknowledged; what the server lacks goes back into the queue.
 *
 * @throws SyncFailure
 */
export async function reconcile(context: SyncContext): Promise<void> {
  const { db } = context;
  const operations = await db.outbox.where("state").equals("done").toArray();
  const photos = await db.photos.where("state").equals("sent").toArray();
  let missing = 0;
  for (let at = 0; at < Math.max(operations.length, photos.length); at += AT_ONCE) {
    const held = {
      operations: operations.slice(at, at + AT_ONCE).map(({ id, hash }) => ({ id, hash })),
      photos: photos.slice(at, at + AT_ONCE).map(({ id, sha256 }) => ({ id, sha256 })),
    };
    missing += await offer(context, held);
  }
  await db.putMeta("reoffer", false);
  if (missing > 0) await logEvent(db, "offered_again", { missing });
}

async function offer(context: SyncContext, held: MissingBody): Promise<number> {
  const { db } = context;
  await context.beat();
  const answer = await askServer<MissingAnswer>(context, {
    method: "POST",
    path: contractPath(db, "sync/missing"),
    body: JSON.stringify(held),
    headers: JSON_BODY,
    timeoutSeconds: 60,
  });
  const lists = [answer.missing_operations, answer.missing_photos];
  if (!lists.every((list) => Array.isArray(list))) throw new SyncFailure("foreign", 200);
  const operations = await requeueOperations(db, answer.missing_operations);
  return operations + (await requeuePhotos(db, answer.missing_photos));
}
