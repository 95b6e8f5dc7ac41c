import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let page = new EventTarget();

beforeEach(() => {
  page = new EventTarget();
  vi.resetModules();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function happens(name: "pagehide" | "pageshow", persisted: boolean): void {
  page.dispatchEvent(Object.assign(new Event(name), { persisted }));
}

/** A write that is in the middle of it, until `finish` is called; again when it is done once more. */
async function writing(name: string) {
  const { openDatabase, write } = await import("./open");
  const db = await openDatabase(1, name);
  let calls = 0;
  let finished = false;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const saved = write(db, () =>
    db.transaction("rw", db.meta, async () => {
      calls += 1;
      await db.putMeta("ready_at", `written in try ${calls}`);
      begin();
      while (!finished) await db.getMeta("ready_at");
    }),
  );
  await begun;
  return { db, finish: () => (finished = true), saved, calls: () => calls };
}

async function nextPageReads(name: string): Promise<string | undefined> {
  const { openDatabase } = await import("./open");
  const db = await openDatabase(1, name);
  const value = await db.getMeta("ready_at");
  db.close();
  return value;
}

test("a page that is set aside keeps no table from the next one; its write is done when it comes back", async () => {
  const { db, finish, saved, calls } = await writing("ASIDE");
  happens("pagehide", true);
  expect(await nextPageReads("ASIDE")).toBeUndefined();
  expect(calls()).toBe(1);
  finish();
  happens("pageshow", true);
  await saved;
  expect(await db.getMeta("ready_at")).toBe("written in try 2");
  db.close();
});

test("a page that is left for good ends no write of its own", async () => {
  const { db, finish, saved } = await writing("LEFT");
  happens("pagehide", false);
  finish();
  await saved;
  expect(await db.getMeta("ready_at")).toBe("written in try 1");
  db.close();
});

test("a write that fails by itself, after the page came back, is not done again", async () => {
  const { write, openDatabase } = await import("./open");
  const db = await openDatabase(1, "FAILS");
  happens("pagehide", true);
  happens("pageshow", true);
  let calls = 0;
  const failing = write(db, async () => {
    calls += 1;
    throw new Error("no");
  });
  await expect(failing).rejects.toMatchObject({ reason: "failed" });
  expect(calls).toBe(1);
  db.close();
});
