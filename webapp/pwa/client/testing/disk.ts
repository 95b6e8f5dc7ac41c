/** The phone's disk and clock, seen and changed behind the app's back. */
import { sha256Hex } from "../src/db/ids";
import type { UserDatabase } from "../src/db/schema";

/** What the phone still has and what it believes: the oracle's view of one database. */
export async function report(db: UserDatabase): Promise<object> {
  const [operations, photos, records, drafts, engine, epoch] = await Promise.all([
    db.outbox.toArray(),
    db.photos.toArray(),
    db.records.toArray(),
    db.drafts.count(),
    db.getMeta("engine"),
    db.getMeta("epoch"),
  ]);
  return {
    operations: operations.map(({ id, hash, kind, uid, state, result, code, attempts }) => {
      return { id, hash, kind, uid, state, result, code, attempts };
    }),
    photos: await Promise.all(photos.map((photo) => photoLine(db, photo))),
    records: records.map(({ uid, state, code, revision }) => ({ uid, state, code, revision })),
    drafts,
    engine: engine ?? null,
    epoch: epoch ?? null,
  };
}

async function photoLine(
  db: UserDatabase,
  photo: { id: string; uid: string; sha256: string; state: string; code: string },
): Promise<object> {
  const { id, uid, sha256, state, code } = photo;
  const stored = await db.blobs.get(id);
  return { id, uid, sha256, state, code, held: stored ? await sha256Hex(stored.buf) : null };
}

/** Spoils a photo's bytes: one bit turned over, or all of them gone. */
export async function damagePhoto(db: UserDatabase, id: string, how: string): Promise<void> {
  if (how === "gone") return db.blobs.delete(id);
  const stored = await db.blobs.get(id);
  if (!stored) throw new Error(`no bytes of ${id}`);
  const buf = stored.buf.slice(0);
  const bytes = new Uint8Array(buf);
  bytes[bytes.length >> 1]! ^= 1;
  await db.blobs.put({ ...stored, buf });
}

interface StoreDump {
  keyPath: string | string[] | null;
  autoIncrement: boolean;
  indexes: { name: string; keyPath: string | string[]; unique: boolean; multiEntry: boolean }[];
  rows: unknown[];
}

export interface Dump {
  name: string;
  version: number;
  stores: Record<string, StoreDump>;
}

/** A whole database as JSON, as the browser keeps it; bytes as base64 under `$bytes`. */
export async function dump(db: UserDatabase): Promise<Dump> {
  const raw = db.backendDB();
  const stores: Record<string, StoreDump> = {};
  for (const name of Array.from(raw.objectStoreNames)) {
    const store = raw.transaction(name).objectStore(name);
    const indexes = Array.from(store.indexNames, (index) => store.index(index)).map((index) => {
      const { name, keyPath, unique, multiEntry } = index;
      return { name, keyPath, unique, multiEntry };
    });
    const { keyPath, autoIncrement } = store;
    const rows = (await db.table(name).toArray()).map(asJson);
    stores[name] = { keyPath, autoIncrement, indexes, rows };
  }
  return { name: raw.name, version: raw.version, stores };
}

function asJson(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
}

const RealDate = Date;

/** Sets the phone's clock ahead (or back) of this machine's. */
export function setClock(offsetMs: number): void {
  globalThis.Date = class extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length > 0 ? given : [RealDate.now() + offsetMs]) as []));
    }
    static override now(): number {
      return RealDate.now() + offsetMs;
    }
  } as DateConstructor;
}
