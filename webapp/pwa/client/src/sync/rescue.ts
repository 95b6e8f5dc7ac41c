/**
 * The last resort: one ZIP of everything unsent, for a supervisor to load.
 *
 * `manifest.json` names the user, the contract and the phone, and lists each photo with its hash;
 * `operations/<id>.json` are the envelopes, word for word; `photos/<id>.jpg` the bytes;
 * `drafts.json` what was not finished. Nothing is compressed: the bytes stay readable even where
 * the archive is damaged.
 */
import { Zip, ZipPassThrough } from "fflate";
import { isoNow } from "../db/ids";
import { phoneId } from "../db/meta";
import type { UserDatabase } from "../db/schema";
import type { Operation, PhotoInfo } from "../db/types";

export const RESCUE_FORMAT = 1;

export interface RescueFile {
  name: string;
  blob: Blob;
  records: number;
  photos: number;
}

/** @throws NotSavedError when the phone's store can't be read */
export async function makeRescueFile(db: UserDatabase): Promise<RescueFile> {
  const operations = await db.outbox.where("state").anyOf("waiting", "refused").toArray();
  const held = ["waiting", "refused", "damaged", "draft"];
  const photos = await db.photos.where("state").anyOf(held).sortBy("id");
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let broken: Error | null = null;
  const zip = new Zip((error, chunk) => {
    if (error) broken = error;
    else parts.push(new Uint8Array(chunk));
  });
  addText(zip, "manifest.json", await manifest(db, operations, photos));
  addText(zip, "drafts.json", await db.drafts.toArray());
  for (const operation of operations) addText(zip, `operations/${operation.id}.json`, wire(operation));
  for (const photo of photos) await addPhoto(db, zip, photo);
  zip.end();
  if (broken) throw broken;
  const day = isoNow().slice(0, 10);
  return {
    name: `roundbook-${db.contractCode}-${db.userId}-${day}.zip`,
    blob: new Blob(parts, { type: "application/zip" }),
    records: operations.filter((one) => one.kind !== "scan").length,
    photos: photos.length,
  };
}

async function manifest(
  db: UserDatabase,
  operations: readonly Operation[],
  photos: readonly PhotoInfo[],
): Promise<object> {
  return {
    format: RESCUE_FORMAT,
    user_id: db.userId,
    contract: db.contractCode,
    phone_id: await phoneId(db),
    made_at: isoNow(),
    operations: operations.map(({ id, hash, kind }) => ({ id, hash, kind })),
    photos: photos.map(({ id, sha256, bytes, type, uid, state }) => {
      return { id, file: nameOf({ id, type }), sha256, bytes, inspection: uid, state };
    }),
  };
}

function wire({ id, kind, version, payload, hash }: Operation): object {
  return { id, kind, version, payload, hash };
}

function nameOf({ id, type }: Pick<PhotoInfo, "id" | "type">): string {
  return `photos/${id}.${type === "image/png" ? "png" : "jpg"}`;
}

async function addPhoto(db: UserDatabase, zip: Zip, photo: PhotoInfo): Promise<void> {
  const stored = await db.blobs.get(photo.id);
  if (stored) addBytes(zip, nameOf(photo), new Uint8Array(stored.buf));
}

function addText(zip: Zip, name: string, content: object): void {
  addBytes(zip, name, new TextEncoder().encode(JSON.stringify(content, null, 1)));
}

function addBytes(zip: Zip, name: string, bytes: Uint8Array): void {
  const file = new ZipPassThrough(name);
  zip.add(file);
  file.push(bytes, true);
}
