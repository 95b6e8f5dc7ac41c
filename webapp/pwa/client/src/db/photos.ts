/** Photos: on the disk from the moment they are taken, as part of the draft. */
import { preparePhoto, type PreparedPhoto } from "../photo/prepare";
import { draftOf, draftTables, noteRemoved } from "./drafts";
import { isoNow, sha256Hex, uuidv7 } from "./ids";
import { write } from "./open";
import type { UserDatabase } from "./schema";
import type { Draft, PhotoInfo, PhotoTarget } from "./types";

const WHOLE: PhotoTarget = { item: null, finding: null, open_item: null };

/**
 * Takes a photo into the task's draft (begun with it where there is none). When this answers the
 * photo is on the disk, compressed, hashed and listed.
 *
 * @throws NotSavedError `full` when there is no room: the photo is NOT kept, all else is;
 *   PhotoUnreadableError
 */
export async function addPhoto(
  db: UserDatabase,
  taskId: number,
  target: Partial<PhotoTarget>,
  blob: Blob,
): Promise<PhotoInfo> {
  const prepared = await preparePhoto(blob);
  return keepPhoto(db, taskId, { ...WHOLE, ...target }, prepared);
}

/** As `addPhoto`, of a picture that is prepared already. */
export async function keepPhoto(
  db: UserDatabase,
  taskId: number,
  target: PhotoTarget,
  prepared: PreparedPhoto,
  replaces: string | null = null,
): Promise<PhotoInfo> {
  const sha256 = await sha256Hex(prepared.buf);
  const id = uuidv7();
  return write(db, () =>
    db.transaction("rw", [...draftTables(db), db.photos, db.blobs, db.thumbs], async () => {
      const draft = await draftOf(db, taskId);
      const photo = photoInfo(id, draft, target, prepared, sha256);
      await db.photos.put(photo);
      await db.blobs.put({ id, buf: prepared.buf, type: prepared.type });
      await db.thumbs.put({ id, buf: prepared.thumb.buf, type: prepared.thumb.type, source: "own" });
      await db.drafts.put(listed(draft, replace(draft.photo_ids, replaces, id)));
      if (replaces !== null) await noteRemoved(db, [replaces]);
      return photo;
    }),
  );
}

function photoInfo(
  id: string,
  draft: Draft,
  target: PhotoTarget,
  prepared: PreparedPhoto,
  sha256: string,
): PhotoInfo {
  return {
    id,
    task_id: draft.task_id,
    uid: draft.uid,
    ...target,
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

/** The list with `id` in place of `replaces`, or at its end. */
function replace(ids: readonly string[], replaces: string | null, id: string): string[] {
  const others = ids.filter((known) => known !== id);
  if (replaces === null || !others.includes(replaces)) return [...others, id];
  return others.map((known) => (known === replaces ? id : known));
}

function listed(draft: Draft, photoIds: string[]): Draft {
  return { ...draft, photo_ids: photoIds, version: draft.version + 1, saved_at: isoNow() };
}

/**
 * Takes a photo off the draft's list. Its bytes stay for an hour at least, for `restorePhoto`.
 *
 * @throws NotSavedError
 */
export function removePhoto(db: UserDatabase, id: string): Promise<void> {
  return changeList(db, id, isoNow(), (ids) => ids.filter((known) => known !== id));
}

/** Undoes `removePhoto`. */
export function restorePhoto(db: UserDatabase, id: string): Promise<void> {
  return changeList(db, id, undefined, (ids) => replace(ids, null, id));
}

function changeList(
  db: UserDatabase,
  id: string,
  removed_at: string | undefined,
  change: (ids: string[]) => string[],
): Promise<void> {
  return write(db, () =>
    db.transaction("rw", db.drafts, db.photos, async () => {
      const photo = await db.photos.get(id);
      const draft = photo && (await db.drafts.get(photo.task_id));
      if (!draft) return;
      await db.drafts.put(listed(draft, change(draft.photo_ids)));
      await db.photos.update(id, { removed_at });
    }),
  );
}

/**
 * Puts an annotated picture in the place of a photo. It is a photo of its own, with its own id and
 * hash: what was sent once never changes its bytes.
 *
 * @throws NotSavedError, PhotoUnreadableError
 */
export async function annotatePhoto(db: UserDatabase, id: string, blob: Blob): Promise<PhotoInfo> {
  const before = await db.photos.get(id);
  if (!before) throw new Error(`photo ${id} is not on this phone`);
  const { item, finding, open_item } = before;
  const prepared = await preparePhoto(blob);
  return keepPhoto(db, before.task_id, { item, finding, open_item }, prepared, id);
}

/** A photo's bytes for showing: one taken here, or of an earlier month; null when there are none. */
export async function loadPhoto(
  db: UserDatabase,
  id: string,
  size: "thumb" | "full" = "thumb",
): Promise<Blob | null> {
  const order = size === "full" ? [db.blobs, db.thumbs] : [db.thumbs, db.blobs];
  for (const table of order) {
    const found = await table.get(id);
    if (found && found.buf.byteLength > 0) return new Blob([found.buf], { type: found.type });
  }
  return null;
}
