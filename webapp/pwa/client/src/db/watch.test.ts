import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeUserDatabase, openUserDatabase } from "./open";
import type { UserDatabase } from "./schema";
import { watch } from "./watch";

let db: UserDatabase;
let made = 0;
let end = () => {};
let told: (string | undefined)[] = [];

beforeEach(async () => {
  told = [];
  db = await openUserDatabase(1, `WATCH${made++}`);
});

afterEach(() => {
  end();
  closeUserDatabase();
});

const readyAt = () => db.getMeta("ready_at");
const note = (value: string | undefined) => void told.push(value);

test("tells the answer, and each later one", async () => {
  end = watch(readyAt, note);
  await vi.waitFor(() => expect(told).toEqual([undefined]));
  await db.putMeta("ready_at", "now");
  await vi.waitFor(() => expect(told).toEqual([undefined, "now"]));
});

/** As WebKit does it: the connection seems to be there, and what is asked of it is ended. */
function takeConnectionAway(times: number): () => number {
  let left = times;
  const real = IDBObjectStore.prototype.get;
  vi.spyOn(IDBObjectStore.prototype, "get").mockImplementation(function (this: IDBObjectStore, key) {
    const request = real.call(this, key);
    if (left-- > 0) this.transaction.abort();
    return request;
  });
  return () => left;
}

test("a read that the browser has ended is asked again, and what changes later is told too", async () => {
  await db.putMeta("ready_at", "before");
  const left = takeConnectionAway(2);
  const failed = vi.fn();
  end = watch(readyAt, note, failed);
  await vi.waitFor(() => expect(told).toEqual(["before"]), { timeout: 5_000 });
  expect(failed).toHaveBeenCalledTimes(2);
  expect(left()).toBeLessThan(0);
  await db.putMeta("ready_at", "after");
  await vi.waitFor(() => expect(told).toEqual(["before", "after"]));
});

test("a database that was closed under a screen is opened again, and read", async () => {
  await db.putMeta("ready_at", "before");
  db.close();
  end = watch(readyAt, note);
  await vi.waitFor(() => expect(told).toEqual(["before"]), { timeout: 5_000 });
});

test("once ended it neither tells nor asks", async () => {
  const asked = vi.fn(() => Promise.reject(new Error("lost")));
  end = watch(asked, note);
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
  end();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(asked).toHaveBeenCalledTimes(1);
  expect(told).toEqual([]);
});

test("a bug of ours is said aloud", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  end = watch(() => Promise.reject(new TypeError("none of the store's")), note);
  await vi.waitFor(() => expect(said).toHaveBeenCalled());
});
