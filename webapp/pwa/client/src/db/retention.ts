/**
 * What may go from the phone, and when. Nothing unsent ever does; what was accepted stays until
 * its round has been away from the server's list for 14 days, by the server's clock.
 */
import { write } from "./open";
import { returnedPictures } from "./returns";
import type { UserDatabase } from "./schema";
import type { InspectionRecord } from "./types";

export const KEEP_DAYS = 14;
const DAY_MS = 86_400_000;
const REMOVED_PHOTO_MS = 3_600_000;

/** Drops what nobody needs any more. */
export async function tidy(db: UserDatabase): Promise<void> {
  await dropRemovedPhotos(db);
  await dropElsewhere(db);
  const serverTime = await db.getMeta("server_time");
  if (!serverTime) return;
  await noteGoneRounds(db, serverTime);
  const old = await oldRecords(db, serverTime);
  for (const record of old) await dropRecord(db, record.uid);
  await dropOldSelfChecks(db, serverTime);
  await dropOldCaseWorks(db, Date.parse(serverTime));
  await dropOldScans(db, Date.parse(serverTime));
  await dropThumbs(db);
}

/** Photos that were taken off a draft, once undoing is over. */
async function dropRemovedPhotos(db: UserDatabase): Promise<void> {
  await write(db, () =>
    db.transaction("rw", [db.drafts, db.case_drafts, db.photos, db.blobs, db.thumbs], async () => {
      const drafts = [...(await db.drafts.toArray()), ...(await db.case_drafts.toArray())];
      const listed = new Set(drafts.flatMap((draft) => draft.photo_ids));
      const loose = await db.photos.where("state").equals("draft").toArray();
      const before = Date.now() - REMOVED_PHOTO_MS;
      const ids = loose
        .filter((photo) => !listed.has(photo.id) && Date.parse(photo.removed_at ?? photo.taken_at) < before)
        .map((photo) => photo.id);
      await Promise.all([db.photos, db.blobs, db.thumbs].map((table) => table.bulkDelete(ids)));
    }),
  );
}

/** Photos of other phones that were noted for an amendment which was not made. */
async function dropElsewhere(db: UserDatabase): Promise<void> {
  await write(db, () =>
    db.transaction("rw", db.drafts, db.records, db.photos, async () => {
      const photos = await db.photos.where("state").equals("elsewhere").toArray();
      const drafts = new Set((await db.drafts.toArray()).map((draft) => draft.uid));
      const records = await db.records.bulkGet(photos.map((photo) => photo.uid));
      const before = Date.now() - REMOVED_PHOTO_MS;
      const loose = photos.filter((photo, place) => {
        const mayComeBack = photo.removed_at !== undefined && Date.parse(photo.removed_at) >= before;
        return !records[place] && !drafts.has(photo.uid) && !mayComeBack;
      });
      await db.photos.bulkDelete(loose.map((photo) => photo.id));
    }),
  );
}

/** Notes since when the server no longer lists a round that records belong to. */
async function noteGoneRounds(db: UserDatabase, serverTime: string): Promise<void> {
  await db.transaction("rw", db.meta, db.rounds, db.records, db.self_checks, async () => {
    const before = (await db.getMeta("rounds_gone")) ?? {};
    const tables = [db.records, db.self_checks];
    const keys = await Promise.all(tables.map((table) => table.orderBy("round_id").uniqueKeys()));
    const used = new Set(keys.flat() as number[]);
    const open = new Set(await db.rounds.toCollection().primaryKeys());
    const gone: Record<number, string> = {};
    for (const id of used) if (!open.has(id)) gone[id] = before[id] ?? serverTime;
    await db.putMeta("rounds_gone", gone);
  });
}

async function oldRecords(db: UserDatabase, serverTime: string): Promise<InspectionRecord[]> {
  const gone = (await db.getMeta("rounds_gone")) ?? {};
  const drafts = new Set(await db.drafts.toCollection().primaryKeys());
  const limit = Date.parse(serverTime) - KEEP_DAYS * DAY_MS;
  const over = await db.records.where("state").anyOf("accepted", "dismissed").toArray();
  return over.filter((record) => {
    const since = gone[record.round_id];
    if (since === undefined || record.acknowledged_at === null) return false;
    const past = Date.parse(since) < limit && Date.parse(record.acknowledged_at) < limit;
    return past && !drafts.has(record.task_id);
  });
}

/** The record with its photos and envelopes, unless it has changed since it was looked at. */
async function dropRecord(db: UserDatabase, uid: string): Promise<void> {
  await write(db, () =>
    db.transaction("rw", [db.records, db.photos, db.blobs, db.thumbs, db.outbox], async () => {
      const record = await db.records.get(uid);
      if (record?.state !== "accepted" && record?.state !== "dismissed") return;
      const photos = await db.photos.where("uid").equals(uid).primaryKeys();
      await Promise.all([db.photos, db.blobs, db.thumbs].map((table) => table.bulkDelete(photos)));
      await db.outbox.where("uid").equals(uid).delete();
      await db.records.delete(uid);
    }),
  );
}

/** Self-checks that the server has, of rounds that were accepted long ago. */
async function dropOldSelfChecks(db: UserDatabase, serverTime: string): Promise<void> {
  const gone = (await db.getMeta("rounds_gone")) ?? {};
  const limit = Date.parse(serverTime) - KEEP_DAYS * DAY_MS;
  await write(db, () =>
    db.transaction("rw", db.self_checks, db.outbox, async () => {
      const old = await db.self_checks
        .filter((one) => {
          const since = gone[one.round_id];
          if (since === undefined || one.state === "saved" || one.acknowledged_at === null) return false;
          return Date.parse(since) < limit && Date.parse(one.acknowledged_at) < limit;
        })
        .toArray();
      await db.self_checks.bulkDelete(old.map((one) => one.uid));
      await db.outbox.bulkDelete(old.map((one) => one.operation_id));
    }),
  );
}

/** What the server has of cases that are over, after 14 days. */
async function dropOldCaseWorks(db: UserDatabase, now: number): Promise<void> {
  const limit = now - KEEP_DAYS * DAY_MS;
  await write(db, () =>
    db.transaction("rw", [db.case_works, db.cases, db.outbox, db.photos, db.blobs, db.thumbs], async () => {
      const live = new Set(await db.cases.toCollection().primaryKeys());
      const taken = await db.case_works.where("state").equals("accepted").toArray();
      const old = taken.filter(
        (one) => one.told && !live.has(one.case_uid) && Date.parse(one.acknowledged_at ?? "") < limit,
      );
      for (const one of old) {
        const photos = await db.photos.where("uid").equals(one.uid).toArray();
        if (photos.some((photo) => photo.state !== "sent")) continue;
        const ids = photos.map((photo) => photo.id);
        await Promise.all([db.photos, db.blobs, db.thumbs].map((table) => table.bulkDelete(ids)));
        await db.outbox.delete(one.operation_id);
        await db.case_works.delete(one.uid);
      }
    }),
  );
}

async function dropOldScans(db: UserDatabase, now: number): Promise<void> {
  await write(db, () =>
    db.transaction("rw", db.scans, db.outbox, async () => {
      const limit = now - KEEP_DAYS * DAY_MS;
      const done = await db.outbox
        .where("state")
        .equals("done")
        .filter((one) => one.kind === "scan" && Date.parse(one.acknowledged_at ?? "") < limit)
        .toArray();
      await db.scans.bulkDelete(done.map((one) => one.uid));
      await db.outbox.bulkDelete(done.map((one) => one.id));
    }),
  );
}

const returnedTables = (db: UserDatabase) => [db.returned_photos, db.returned_answers];

/** Pictures from the server that no task of an open round shows any more. */
async function dropThumbs(db: UserDatabase): Promise<void> {
  await write(db, () =>
    db.transaction("rw", [db.thumbs, db.tasks, db.photos, db.records, ...returnedTables(db)], async () => {
      const tasks = await db.tasks.toArray();
      const shown = new Set([
        ...tasks.flatMap((task) => Object.values(task.previous?.photos ?? {})),
        ...(await db.returned_photos.toCollection().primaryKeys()),
        ...(await returnedPictures(db)),
        ...(await db.photos.where("state").equals("elsewhere").primaryKeys()),
      ]);
      const fromServer = await db.thumbs.where("source").equals("server").primaryKeys();
      await db.thumbs.bulkDelete(fromServer.filter((id) => !shown.has(id)));
    }),
  );
}
