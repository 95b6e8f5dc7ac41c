/** Sending photos: after their inspection, whole, each checked before and after. */
import type { PhotoAnswer, PhotosAnswer } from "../api/wire";
import { reprDigest } from "../db/ids";
import { logEvent, reportEngine } from "../db/meta";
import { nextPhotos, notePhotos, postponePhoto, soundBytes } from "../db/photo-queue";
import type { PhotoInfo, StoredBytes } from "../db/types";
import { askServer, contractPath, type SyncContext } from "./context";
import { SyncFailure } from "./http";

const TIMEOUT_SECONDS = 180;
/** What goes in one body at most: if it is lost on the way, all of it is sent again. */
const MOST_TOGETHER = 8;
const MOST_BYTES = 3_000_000;
/** An answer within this allows twice as many in the next body; one that takes longer than that, half. */
const QUICK_MS = 500;
const SLOW_MS = 2_000;
const MOST_ATTEMPTS = 3;
/** What the server says of the picture itself: sending the same bytes again won't change it. */
const FINAL = new Set(["photo_unreadable", "photo_too_many_pixels", "photo_kind_unsupported", "too_large"]);
/** Damage on the way: the same bytes are sent again. */
const DAMAGED_ON_THE_WAY = new Set(["digest_mismatch", "photo_size_mismatch", "photo_empty"]);

/** A photo whose bytes are as they were when it was taken. */
interface Sound {
  photo: PhotoInfo;
  stored: StoredBytes;
}

/** How many photos go in one body: one, more while answers come quickly, one again once some were refused. */
class Load {
  #many = 1;
  #alone = false;

  /** Takes the next ones off the queue. */
  of(queue: PhotoInfo[]): PhotoInfo[] {
    let bytes = 0;
    const fit = queue.slice(0, this.#many).filter((photo, n) => (bytes += photo.bytes) <= MOST_BYTES || n === 0);
    return queue.splice(0, fit.length);
  }

  took(milliseconds: number): void {
    if (milliseconds > SLOW_MS) this.#many = Math.max(1, this.#many / 2);
    else if (milliseconds < QUICK_MS && !this.#alone) this.#many = Math.min(this.#many * 2, MOST_TOGETHER);
  }

  alone(): void {
    this.#many = 1;
    this.#alone = true;
  }
}

/**
 * Sends the photos that may go, some at once. One that fails for its own sake blocks no other.
 *
 * @returns how many the server has taken
 * @throws SyncFailure when the run must end
 */
export async function sendPhotos(context: SyncContext): Promise<number> {
  const queue = await nextPhotos(context.db, Date.now());
  const total = queue.length;
  const load = new Load();
  let done = 0;
  let failed: unknown = null;
  const sendNext = async () => {
    while (failed === null && !context.stopped()) {
      const some = load.of(queue);
      if (some.length === 0) return;
      try {
        const sent = await sendSome(context, some, load);
        done += sent;
      } catch (error) {
        failed ??= error;
      }
      if (some.length > 1 || done % context.parallel === 0 || queue.length === 0) await report(context, done, total);
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

/** Sends some together; what is refused so goes one by one, for it is then known which one it is about. */
async function sendSome(context: SyncContext, photos: PhotoInfo[], load: Load): Promise<number> {
  const sound = await soundOnes(context, photos);
  const began = Date.now();
  await context.beat();
  if (sound.length > 1) {
    try {
      await sendTogether(context, sound);
      load.took(Date.now() - began);
      return sound.length;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      load.alone();
    }
  }
  let done = 0;
  for (const one of sound) if (await sendAlone(context, one)) done++;
  load.took((Date.now() - began) / Math.max(sound.length, 1));
  return done;
}

async function soundOnes({ db }: SyncContext, photos: PhotoInfo[]): Promise<Sound[]> {
  const sound: Sound[] = [];
  for (const photo of photos) {
    const stored = await soundBytes(db, photo);
    if (stored) sound.push({ photo, stored });
    else await logEvent(db, "photo_lost", { id: photo.id });
  }
  return sound;
}

async function sendTogether(context: SyncContext, sound: Sound[]): Promise<void> {
  const ids = sound.map(({ photo }) => photo.id);
  const answer = await askServer<PhotosAnswer>(context, {
    method: "PUT",
    path: contractPath(context.db, `photos?ids=${ids.join(",")}`),
    body: oneAfterTheOther(sound),
    headers: { "Content-Type": "application/octet-stream" },
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  const answered = Array.isArray(answer.photos) && answer.photos.length === sound.length;
  if (!answered || !sound.every(({ photo }, n) => echoes(answer.photos[n]!, photo))) {
    throw new SyncFailure("foreign", 200);
  }
  await notePhotos(context.db, ids, "sent");
}

function oneAfterTheOther(sound: Sound[]): ArrayBuffer {
  const body = new Uint8Array(sound.reduce((bytes, { stored }) => bytes + stored.buf.byteLength, 0));
  let at = 0;
  for (const { stored } of sound) {
    body.set(new Uint8Array(stored.buf), at);
    at += stored.buf.byteLength;
  }
  return body.buffer;
}

async function sendAlone(context: SyncContext, { photo, stored }: Sound): Promise<boolean> {
  const { db } = context;
  try {
    const answer = await askServer<PhotoAnswer>(context, {
      method: "PUT",
      path: contractPath(db, `photos/${photo.id}`),
      body: stored.buf,
      headers: { "Content-Type": stored.type, "Repr-Digest": reprDigest(photo.sha256) },
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    if (!echoes(answer, photo)) throw new SyncFailure("foreign", 200);
    await notePhotos(db, [photo.id], "sent");
    return true;
  } catch (error) {
    await noteFailure(context, photo, error);
    return false;
  }
}

function isRefusal(error: unknown): error is SyncFailure {
  return error instanceof SyncFailure && error.reason === "refused";
}

function echoes(answer: PhotosAnswer["photos"][number], photo: PhotoInfo): boolean {
  const named = answer.id === photo.id && answer.sha256 === photo.sha256;
  return named && answer.bytes === photo.bytes && ["stored", "duplicate"].includes(answer.result);
}

/** Notes what concerns this photo alone, and throws on what concerns the whole run. */
async function noteFailure(context: SyncContext, photo: PhotoInfo, error: unknown): Promise<void> {
  if (!isRefusal(error)) throw error;
  const { db } = context;
  if (error.code === "photo_not_expected") return postponePhoto(db, photo, error.code);
  const worn = DAMAGED_ON_THE_WAY.has(error.code) && photo.attempts + 1 >= MOST_ATTEMPTS;
  if (FINAL.has(error.code) || error.status === 413 || worn) {
    await notePhotos(db, [photo.id], "refused", error.code);
    await logEvent(db, "photo_refused", { id: photo.id, code: error.code });
    return;
  }
  if (DAMAGED_ON_THE_WAY.has(error.code) || error.status === 500) {
    return postponePhoto(db, photo, error.code);
  }
  throw error;
}
