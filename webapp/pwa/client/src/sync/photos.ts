/** Sending photos: after their inspection, whole, each checked before and after. */
import type { PhotoAnswer } from "../api/wire";
import { reprDigest } from "../db/ids";
import { logEvent, reportEngine } from "../db/meta";
import { nextPhotos, notePhoto, postponePhoto, soundBytes } from "../db/photo-queue";
import type { PhotoInfo } from "../db/types";
import { askServer, contractPath, type SyncContext } from "./context";
import { SyncFailure } from "./http";

const TIMEOUT_SECONDS = 180;
const MOST_ATTEMPTS = 3;
/** What the server says of the picture itself: sending the same bytes again won't change it. */
const FINAL = new Set(["photo_unreadable", "photo_too_many_pixels", "photo_kind_unsupported", "too_large"]);
/** Damage on the way: the same bytes are sent again. */
const DAMAGED_ON_THE_WAY = new Set(["digest_mismatch", "photo_size_mismatch", "photo_empty"]);

/**
 * Sends the photos that may go, some at once. One that fails for its own sake blocks no other.
 *
 * @returns how many the server has taken
 * @throws SyncFailure when the run must end
 */
export async function sendPhotos(context: SyncContext): Promise<number> {
  const queue = await nextPhotos(context.db, Date.now());
  const total = queue.length;
  let done = 0;
  let failed: unknown = null;
  const sendNext = async () => {
    while (failed === null && !context.stopped()) {
      const photo = queue.shift();
      if (!photo) return;
      try {
        if (await sendPhoto(context, photo)) done++;
      } catch (error) {
        failed ??= error;
      }
      if (done % context.parallel === 0 || queue.length === 0) await report(context, done, total);
    }
  };
  await Promise.all(Array.from({ length: Math.min(context.parallel, total) }, sendNext));
  if (total > 0) await logEvent(context.db, "photos_sent", { done, total });
  if (failed !== null) throw failed;
  return done;
}

function report(context: SyncContext, done: number, total: number): Promise<void> {
  return reportEngine(context.db, { phase: "sending", progress: { what: "photos", done, total } });
}

async function sendPhoto(context: SyncContext, photo: PhotoInfo): Promise<boolean> {
  const { db } = context;
  const stored = await soundBytes(db, photo);
  if (!stored) {
    await logEvent(db, "photo_lost", { id: photo.id });
    return false;
  }
  await context.beat();
  try {
    const answer = await askServer<PhotoAnswer>(context, {
      method: "PUT",
      path: contractPath(db, `photos/${photo.id}`),
      body: stored.buf,
      headers: { "Content-Type": stored.type, "Repr-Digest": reprDigest(photo.sha256) },
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    if (!echoes(answer, photo)) throw new SyncFailure("foreign", 200);
    await notePhoto(db, photo.id, "sent");
    return true;
  } catch (error) {
    await noteFailure(context, photo, error);
    return false;
  }
}

function echoes(answer: PhotoAnswer, photo: PhotoInfo): boolean {
  const named = answer.id === photo.id && answer.sha256 === photo.sha256;
  return named && answer.bytes === photo.bytes && ["stored", "duplicate"].includes(answer.result);
}

/** Notes what concerns this photo alone, and throws on what concerns the whole run. */
async function noteFailure(context: SyncContext, photo: PhotoInfo, error: unknown): Promise<void> {
  if (!(error instanceof SyncFailure) || error.reason !== "refused") throw error;
  const { db } = context;
  if (error.code === "photo_not_expected") return postponePhoto(db, photo, error.code);
  const worn = DAMAGED_ON_THE_WAY.has(error.code) && photo.attempts + 1 >= MOST_ATTEMPTS;
  if (FINAL.has(error.code) || error.status === 413 || worn) {
    await notePhoto(db, photo.id, "refused", error.code);
    await logEvent(db, "photo_refused", { id: photo.id, code: error.code });
    return;
  }
  if (DAMAGED_ON_THE_WAY.has(error.code) || error.status === 500) {
    return postponePhoto(db, photo, error.code);
  }
  throw error;
}
