/** Ties the signed-in user to his database and its engine, for as long as the page lives. */
import { closeUserDatabase, currentDatabase, openUserDatabase } from "../db/open";
import { session } from "../stores/session.svelte";
import { SyncEngine } from "./engine";
import type { RescueFile } from "./rescue";

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
  const db = await openUserDatabase(userId, contract);
  if (wanted !== key) return;
  engine = new SyncEngine(db, { onSignInNeeded: () => void session.refresh() });
  engine.start();
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
