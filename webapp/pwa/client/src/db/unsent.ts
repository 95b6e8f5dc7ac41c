/** What this phone still owes the server. */
import { openDatabase } from "./open";
import { contractsOnPhone, type UserDatabase } from "./schema";

export interface UnsentCount {
  /** Finished inspections, amendments and signatures that the server has not acknowledged. */
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

/** As `unsentCount`, over all contracts that the user has on this phone: what signing out asks. */
export async function unsentOnPhone(current: UserDatabase): Promise<UnsentCount> {
  const total = await unsentCount(current);
  for (const code of await contractsOnPhone(current.userId)) {
    if (code === current.contractCode) continue;
    const other = await withDatabase(current.userId, code, unsentCount);
    for (const key of Object.keys(total) as (keyof UnsentCount)[]) total[key] += other[key];
  }
  return total;
}

/** Opens another of the user's databases for one piece of work. */
export async function withDatabase<Result>(
  userId: number,
  contractCode: string,
  work: (db: UserDatabase) => Promise<Result>,
): Promise<Result> {
  const db = await openDatabase(userId, contractCode);
  try {
    return await work(db);
  } finally {
    db.close();
  }
}
