/** Ties the signed-in user to his database and its engine, for as long as the page lives. */
import { toNotSaved } from "../db/errors";
import { noteDatabaseFailure } from "../db/live.svelte";
import {
  closeUserDatabase,
  currentDatabase,
  onDatabaseNotice,
  openUserDatabase,
  reviveDatabase,
} from "../db/open";
import type { UserDatabase } from "../db/schema";
import { pwa } from "../pwa.svelte";
import { session } from "../stores/session.svelte";
import { SyncEngine } from "./engine";
import type { RescueFile } from "./rescue";

const RETRY_MS = 3_000;
const LATE_MS = 10_000;
let started = false;
let engine: SyncEngine | null = null;
let wanted = "";

/**
 * Opens the database of whoever is signed in, with the contract being worked on, and keeps it in
 * sync; follows every change of either. Further calls do nothing.
 */
export function startPhone(): void {
  if (started) return;
  started = true;
  onDatabaseNotice((notice) => {
    // A newer version of the app has the database: the banner asks for a reload, nothing forces it.
    if (notice === "superseded") pwa.updateReady = true;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void reviveDatabase().catch(() => undefined);
  });
  $effect.root(() => {
    $effect(() => {
      const user = session.user?.id;
      const contract = session.contract?.code;
      // A session that is over changes nothing here: the phone works on, and waits for the password.
      void follow(user ?? null, contract ?? null);
    });
    $effect(() => {
      if (session.state === "in") engine?.nudge();
    });
  });
}

async function follow(userId: number | null, contract: string | null): Promise<void> {
  const key = userId === null || contract === null ? "" : `${userId} ${contract}`;
  if (key === wanted) return;
  wanted = key;
  engine?.stop();
  engine = null;
  if (userId === null || contract === null) return closeUserDatabase();
  const db = await open(userId, contract, key);
  if (db === null || wanted !== key) return;
  engine = new SyncEngine(db, { onSignInNeeded: () => void session.refresh() });
  engine.start();
}

/** Tries again every few seconds where the browser gives no database, and says why meanwhile; or that it waits. */
async function open(userId: number, contract: string, key: string): Promise<UserDatabase | null> {
  while (wanted === key) {
    const late = setTimeout(() => noteDatabaseFailure("waiting"), LATE_MS);
    try {
      const db = await openUserDatabase(userId, contract);
      clearTimeout(late);
      noteDatabaseFailure(null);
      return db;
    } catch (error) {
      clearTimeout(late);
      noteDatabaseFailure(toNotSaved(error).reason);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return null;
}

/** The button: sends and pulls at once, whatever was to be waited for. */
export async function syncNow(): Promise<void> {
  await engine?.syncNow();
}

/** One ZIP of all that is unsent. @throws NotSavedError when no database is open */
export async function rescueFile(): Promise<RescueFile> {
  const { makeRescueFile } = await import("./rescue");
  return makeRescueFile(currentDatabase());
}
