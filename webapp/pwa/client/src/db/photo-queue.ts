/** Which photos are to be sent, and what became of them. */
import type { InspectionPayload } from "../api/wire";
import { sha256Hex } from "./ids";
import { settleRecord } from "./outbox";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { InspectionRecord, PhotoInfo, PhotoState, StoredBytes } from "./types";

/** A wait that lies further ahead than any was set comes from a clock that was put back. */
const LONGEST_WAIT_MS = 3_600_000;
const FIRST_WAIT_MS = 30_000;

/** The photos that may go now: what they belong to is with the server, their wait is over. */
export async function nextPhotos(db: UserDatabase, now: number): Promise<PhotoInfo[]> {
  const waiting = await db.photos.where("state").equals("waiting").sortBy("id");
  const uids = [...new Set(waiting.map((photo) => photo.uid))];
  const [records, works] = await Promise.all([db.records.bulkGet(uids), db.case_works.bulkGet(uids)]);
  const ready = new Set(
    [...records, ...works].flatMap((one) => (one && one.acknowledged_at !== null ? [one.uid] : [])),
  );
  // An amendment that is under way keeps no photo that the server has heard of before; its own must wait.
  const under = records.filter((one) => one !== undefined && !ready.has(one.uid));
  const announced = new Set((await Promise.all(under.map((one) => announcedPhotos(db, one!)))).flat());
  return waiting.filter((photo) => (ready.has(photo.uid) || announced.has(photo.id)) && !waits(photo, now));
}

/** What the operations of the record that were taken have listed. */
async function announcedPhotos(db: UserDatabase, record: InspectionRecord): Promise<string[]> {
  const operations = await db.outbox.bulkGet(record.operation_ids);
  const taken = operations.filter((one) => one?.state === "done" && one.result !== "quarantined");
  return taken.flatMap((one) => (JSON.parse(one!.payload) as InspectionPayload).photos.map((photo) => photo.id));
}

function waits(photo: PhotoInfo, now: number): boolean {
  const left = photo.next_try_at - now;
  return left > 0 && left <= LONGEST_WAIT_MS;
}

/**
 * A photo's bytes, checked against the hash that was taken with them. Where they are not what was
 * taken, or are gone, the photo is marked so for ever, and the answer is null.
 */
export async function soundBytes(db: UserDatabase, photo: PhotoInfo): Promise<StoredBytes | null> {
  const stored = await db.blobs.get(photo.id);
  if (!stored || stored.buf.byteLength === 0) {
    await notePhotos(db, [photo.id], "gone", "photo_gone");
    return null;
  }
  const whole = stored.buf.byteLength === photo.bytes;
  if (whole && (await sha256Hex(stored.buf)) === photo.sha256) return stored;
  await notePhotos(db, [photo.id], "damaged", "photo_damaged");
  return null;
}

/** Notes the new state of photos, and what it makes of their inspections. */
export function notePhotos(
  db: UserDatabase,
  ids: readonly string[],
  state: PhotoState,
  code = "",
): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.photos, db.records, db.outbox, async () => {
      const photos = (await db.photos.bulkGet([...ids])).filter((photo) => photo !== undefined);
      await db.photos.bulkPut(photos.map((photo) => ({ ...photo, state, code, next_try_at: 0 })));
      for (const uid of new Set(photos.map((photo) => photo.uid))) await settleRecord(db, uid);
    }),
  );
}

/** The server does not want the photo yet: later, and ever later. */
export function postponePhoto(db: UserDatabase, photo: PhotoInfo, code: string): Promise<void> {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(photo.attempts, 10));
  return write(db, async () => {
    await db.photos.update(photo.id, {
      code,
      attempts: photo.attempts + 1,
      next_try_at: Date.now() + wait,
    });
  });
}

/** Puts photos that the server has lost back into the queue. */
export function requeuePhotos(db: UserDatabase, ids: readonly string[]): Promise<number> {
  return write(db, () =>
    db.transaction("rw", db.photos, db.records, db.outbox, async () => {
      const found = (await db.photos.bulkGet([...ids])).filter((photo) => photo?.state === "sent");
      for (const photo of found) {
        await db.photos.put({ ...photo!, state: "waiting", attempts: 0, next_try_at: 0 });
        await settleRecord(db, photo!.uid);
      }
      return found.length;
    }),
  );
}
