/** How much room there is, and the browser's promise not to clear it. */
import { toNotSaved } from "./errors";
import type { UserDatabase } from "./schema";
import type { Space } from "./types";


/** Notes the room that is used, and with `ask` asks the browser to keep the data for good. */
export async function noteSpace(db: UserDatabase, ask = false): Promise<Space | null> {
  const storage = globalThis.navigator?.storage;
  if (!storage?.estimate) return null;
  try {
    const persisted = (ask && (await storage.persist?.())) || (await storage.persisted?.()) || false;
    const { usage = 0, quota = 0 } = await storage.estimate();
    const space = { used_bytes: usage, quota_bytes: quota, persisted };
    await db.putMeta("space", space);
    return space;
  } catch (error) {
    // The figures are only shown; a store that really fails says so at the next save.
    console.warn("storage_estimate_failed", toNotSaved(error).reason);
    return null;
  }
}
