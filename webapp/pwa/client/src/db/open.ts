/**
 * Opens the database of the signed-in user, and keeps it open.
 *
 * One database per user and contract: whoever else signs in on this phone neither sees nor sends
 * the first one's records. Nothing in here ever deletes a database.
 */
import { broughtBack, timesSetAside } from "./aside";
import { NotSavedError, errorNames, toNotSaved } from "./errors";
import { isoNow } from "./ids";
import { UserDatabase } from "./schema";
import { noteSpace } from "./space";

/**
 * `evicted`: the browser has cleared what was kept · `superseded`: a newer version of the app has
 * taken the database over, this page must be reloaded · `blocked`: an older page in another tab
 * holds the upgrade up.
 */
export type DatabaseNotice = "evicted" | "superseded" | "blocked";

type Listener = (db: UserDatabase | null) => void;

const CANARY = "roundbook.canary.";
let current: UserDatabase | null = null;
const listeners = new Set<Listener>();
const noticeListeners = new Set<(notice: DatabaseNotice) => void>();

/**
 * Opens the user's database for the contract and makes it the current one; the one that was open
 * before is closed. The same call again answers the one that is open.
 *
 * @throws NotSavedError when the browser gives no storage, as some private windows do.
 */
export async function openUserDatabase(userId: number, contractCode: string): Promise<UserDatabase> {
  if (current?.userId === userId && current.contractCode === contractCode) return current;
  const db = await openDatabase(userId, contractCode);
  const before = current;
  current = db;
  before?.close();
  listeners.forEach((listener) => listener(db));
  void noteSpace(db, true);
  return db;
}

/** Opens a database without making it the page's current one: what the service worker does. */
export async function openDatabase(userId: number, contractCode: string): Promise<UserDatabase> {
  const db = new UserDatabase(userId, contractCode);
  guard(db);
  try {
    await db.open();
    await checkCanary(db);
  } catch (error) {
    db.close();
    throw toNotSaved(error);
  }
  return db;
}

/** Closes the current database, as after a sign-out; what it holds stays. */
export function closeUserDatabase(): void {
  current?.close();
  current = null;
  listeners.forEach((listener) => listener(null));
}

/** The open database. @throws NotSavedError `closed` when there is none. */
export function currentDatabase(): UserDatabase {
  if (!current) throw new NotSavedError("closed");
  return current;
}

export function hasDatabase(): boolean {
  return current !== null;
}

/** Tells of every change of the current database; returns what ends it. */
export function onDatabase(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Tells what the user must hear of the database itself; returns what ends it. */
export function onDatabaseNotice(listener: (notice: DatabaseNotice) => void): () => void {
  noticeListeners.add(listener);
  return () => noticeListeners.delete(listener);
}

/**
 * Runs a write; where the browser has lost its connection to the database (WebKit does so in the
 * background), or the page was set aside in the middle of it, it is opened again and the write is
 * done once more. Writes must therefore give the same result when run twice.
 *
 * @throws NotSavedError
 */
export async function write<Result>(
  db: UserDatabase,
  work: () => PromiseLike<Result>,
): Promise<Result> {
  const times = timesSetAside();
  try {
    return await work();
  } catch (error) {
    if (!connectionLost(error) && timesSetAside() === times) throw toNotSaved(error);
  }
  try {
    await broughtBack();
    await reopen(db);
    return await work();
  } catch (error) {
    throw toNotSaved(error);
  }
}

/** Runs a read once more, over a connection opened anew, where the browser has ended it (WebKit does so). */
export async function read<Result>(db: UserDatabase, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch {
    await broughtBack();
    await reopen(db);
    return work();
  }
}

/** After a lost connection, as when the page comes to the front again: opened, and read anew. */
export async function reviveDatabase(): Promise<void> {
  if (current && !current.isOpen()) await reopen(current);
}

/** Live queries stand still with their connection: they are told to begin again. */
async function reopen(db: UserDatabase): Promise<void> {
  if (db.isOpen()) return;
  await db.open();
  if (db === current) listeners.forEach((listener) => listener(db));
}

function connectionLost(error: unknown): boolean {
  const names = errorNames(error);
  if (names.includes("DatabaseClosedError") || names.includes("InvalidStateError")) return true;
  const said = String((error as { message?: unknown } | null)?.message ?? "");
  return names.includes("UnknownError") || /connection.*(lost|closing|closed)/i.test(said);
}

function guard(db: UserDatabase): void {
  db.on("versionchange", (event) => {
    // A newer version's upgrade goes first. The schema only grows, so this page may open the
    // database again for what is under an engineer's hands; it is asked to reload all the same.
    db.close({ disableAutoOpen: false });
    if ((event.newVersion ?? 0) > 0) tell("superseded");
    return false;
  });
  db.on("blocked", () => {
    tell("blocked");
    return false;
  });
}

function tell(notice: DatabaseNotice): void {
  noticeListeners.forEach((listener) => listener(notice));
}

/**
 * A row that was there and is gone tells that the browser has cleared the storage. The witness
 * is kept in localStorage, which browsers clear on other occasions.
 */
async function checkCanary(db: UserDatabase): Promise<void> {
  const inside = await db.getMeta("canary");
  if (typeof localStorage === "undefined") return;
  const key = CANARY + db.name;
  const outside = readWitness(key);
  if (inside === undefined) {
    const canary = crypto.randomUUID();
    await db.putMeta("canary", canary);
    if (outside !== null) {
      await db.putMeta("evicted_at", isoNow());
      tell("evicted");
    }
    writeWitness(key, canary);
  } else if (outside !== inside) writeWitness(key, inside);
}

function readWitness(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeWitness(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Without the witness an eviction can't be told; nothing else is lost.
  }
}
