/** A phone with a round and the server that it sends to, as the tests of a run use them; no part of the build. */
import { saveDraft } from "../db/drafts";
import { finishInspection } from "../db/finish";
import { keepPhoto } from "../db/photos";
import { applyPull } from "../db/pulled";
import type { UserDatabase } from "../db/schema";
import { emptyDatabase, firstPull, somePhoto } from "../db/testing";
import type { InspectionRecord, PhotoInfo } from "../db/types";
import { runSync, type RunOptions, type RunResult } from "./run";
import { FakeServer } from "./testing";

/** A photo of no item, finding or open item. */
export const WHOLE = { item: null, finding: null, open_item: null };
export let db: UserDatabase;
export let server: FakeServer;

/** Both anew, for `beforeEach`. */
export async function begin(): Promise<void> {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
  await db.putMeta("head", 40);
  server = new FakeServer();
}

export function run(options: RunOptions = {}): Promise<RunResult> {
  return runSync(db, server.fetch, { everything: true, ...options });
}

/** Finishes a task's inspection with so many photos; its uid. */
export async function inspect(taskId = 1, photos = 1): Promise<string> {
  await saveDraft(db, taskId, { answers: { power: { value: "pass" }, lamp_hours: { value: 9 } } });
  for (let n = 0; n < photos; n++) await keepPhoto(db, taskId, WHOLE, somePhoto(taskId * 1000 + n));
  return (await finishInspection(db, taskId)).uid;
}

export async function record(uid: string): Promise<InspectionRecord> {
  return (await db.records.get(uid))!;
}

/** In the order in which they were taken. */
export async function photosOf(uid: string): Promise<PhotoInfo[]> {
  return db.photos.where("uid").equals(uid).sortBy("id");
}
