/** What this phone still owes the server. */
import type { UserDatabase } from "./schema";

export interface UnsentCount {
  /** Finished inspections and amendments that the server has not acknowledged. */
  records: number;
  /** Photos of finished inspections that the server lacks. */
  photos: number;
  /** Photos whose bytes are damaged or gone: nothing can send them any more. */
  lost: number;
  /** Scans of labels: sent with the rest, nobody waits for them. */
  scans: number;
  /** Inspections under way: not finished, not sent. */
  drafts: number;
}

/**
 * Counts what is unsent. Sign-out is refused while `records` or `photos` is not 0; drafts stay on
 * the phone and are there again at the next sign-in.
 */
export async function unsentCount(db: UserDatabase): Promise<UnsentCount> {
  const open = await db.outbox.where("state").anyOf("waiting", "refused").toArray();
  const scans = open.filter((operation) => operation.kind === "scan").length;
  const [photos, lost, drafts] = await Promise.all([
    db.photos.where("state").anyOf("waiting", "refused").count(),
    db.photos.where("state").anyOf("damaged", "gone").count(),
    db.drafts.count(),
  ]);
  return { records: open.length - scans, photos, lost, scans, drafts };
}
