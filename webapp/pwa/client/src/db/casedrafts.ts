/** What is being typed for a step of a case or a new fault, with its photos: on the disk at every touch. */
import { preparePhoto, type PreparedPhoto } from "../photo/prepare";
import { noteRemoved } from "./drafts";
import { isoNow, sha256Hex, uuidv7 } from "./ids";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { CaseDraft, PhotoInfo } from "./types";

export function draftKeyOf(caseUid: string, step: string): string {
  return `${caseUid}/${step}`;
}

/** What was typed, if anything. */
export async function caseDraft(db: UserDatabase, key: string): Promise<CaseDraft | null> {
  return (await db.case_drafts.get(key)) ?? null;
}

/** The photos of what is being typed, in order. */
export async function caseDraftPhotos(db: UserDatabase, key: string): Promise<PhotoInfo[]> {
  const draft = await db.case_drafts.get(key);
  return (await db.photos.bulkGet(draft?.photo_ids ?? [])).filter((photo): photo is PhotoInfo => photo !== undefined);
}

/**
 * Keeps what is being typed.
 *
 * @throws NotSavedError
 */
export function saveCaseDraft(db: UserDatabase, key: string, values: Record<string, string>): Promise<void> {
  return change(db, key, (draft) => ({ ...draft, values: { ...draft.values, ...values } }));
}

/**
 * Takes a photo into what is being typed. When this answers it is on the disk, compressed and hashed.
 *
 * @throws NotSavedError, PhotoUnreadableError
 */
export async function addCasePhoto(db: UserDatabase, key: string, blob: Blob): Promise<PhotoInfo> {
  return keepCasePhoto(db, key, await preparePhoto(blob));
}

/** As `addCasePhoto`, of a picture that is prepared already; it may stand in another's place. */
export async function keepCasePhoto(
  db: UserDatabase,
  key: string,
  prepared: PreparedPhoto,
  replaces: string | null = null,
): Promise<PhotoInfo> {
  const sha256 = await sha256Hex(prepared.buf);
  const id = uuidv7();
  const draft = await draftFor(db, key);
  return write(db, () =>
    db.transaction("rw", [db.case_drafts, db.photos, db.blobs, db.thumbs], async () => {
      const now = (await db.case_drafts.get(key)) ?? draft;
      const photo = photoInfo(id, now.uid, prepared, sha256);
      await db.photos.put(photo);
      await db.blobs.put({ id, buf: prepared.buf, type: prepared.type });
      await db.thumbs.put({ id, buf: prepared.thumb.buf, type: prepared.thumb.type, source: "own" });
      const ids = [...now.photo_ids.filter((one) => one !== replaces && one !== id), id];
      await db.case_drafts.put({ ...now, photo_ids: ids, saved_at: isoNow() });
      return photo;
    }),
  );
}

/** Takes a photo off; its bytes stay for an hour at least, for `restoreCasePhoto`. @throws NotSavedError */
export async function removeCasePhoto(db: UserDatabase, key: string, id: string): Promise<void> {
  await write(db, () => noteRemoved(db, [id]));
  await change(db, key, (draft) => ({ ...draft, photo_ids: draft.photo_ids.filter((one) => one !== id) }));
}

/** Undoes `removeCasePhoto`. @throws NotSavedError */
export function restoreCasePhoto(db: UserDatabase, key: string, id: string): Promise<void> {
  return change(db, key, (draft) => ({ ...draft, photo_ids: [...draft.photo_ids.filter((one) => one !== id), id] }));
}

/** @throws NotSavedError, PhotoUnreadableError */
export async function annotateCasePhoto(db: UserDatabase, key: string, id: string, blob: Blob): Promise<PhotoInfo> {
  return keepCasePhoto(db, key, await preparePhoto(blob), id);
}

export async function draftFor(db: UserDatabase, key: string): Promise<CaseDraft> {
  return (await db.case_drafts.get(key)) ?? { key, uid: uuidv7(), values: {}, photo_ids: [], saved_at: isoNow() };
}

async function change(db: UserDatabase, key: string, work: (draft: CaseDraft) => CaseDraft): Promise<void> {
  const fresh = await draftFor(db, key);
  await write(db, () =>
    db.transaction("rw", db.case_drafts, async () => {
      const now = (await db.case_drafts.get(key)) ?? fresh;
      await db.case_drafts.put({ ...work(now), saved_at: isoNow() });
    }),
  );
}

function photoInfo(id: string, uid: string, prepared: PreparedPhoto, sha256: string): PhotoInfo {
  return {
    id,
    // It belongs to no task.
    task_id: 0,
    uid,
    item: null,
    finding: null,
    open_item: null,
    state: "draft",
    sha256,
    bytes: prepared.buf.byteLength,
    type: prepared.type,
    width: prepared.width,
    height: prepared.height,
    taken_at: isoNow(),
    code: "",
    attempts: 0,
    next_try_at: 0,
  };
}
