import "fake-indexeddb/auto";
import Dexie from "dexie";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { homeOnce, resolveLabel, searchDevices } from ".";
import { caseDraft, placeOfDevice, saveCaseDraft } from "./casework";
import { saveDraft } from "./drafts";
import { NotSavedError, toNotSaved } from "./errors";
import { reprDigest, sha256Hex, uuidv7 } from "./ids";
import { closeUserDatabase, currentDatabase, onDatabase, onDatabaseNotice, openDatabase, openUserDatabase, reviveDatabase, write } from "./open";
import { applyPull } from "./pulled";
import { contractsOnPhone, UserDatabase } from "./schema";
import { firstPull, LABEL } from "./testing";

let notices: string[] = [];
let end = () => {};

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  notices = [];
  end = onDatabaseNotice((notice) => notices.push(notice));
});

afterEach(() => {
  end();
  closeUserDatabase();
  vi.unstubAllGlobals();
});

test("each user has a database of his own, and finds his drafts there again", async () => {
  const first = await openUserDatabase(1, "OPEN");
  await applyPull(first, firstPull());
  await saveDraft(first, 1, { remark: "mine" });
  const second = await openUserDatabase(2, "OPEN");
  expect(currentDatabase()).toBe(second);
  expect(first.isOpen()).toBe(false);
  expect(await second.drafts.count()).toBe(0);
  const again = await openUserDatabase(1, "OPEN");
  expect((await again.drafts.get(1))!.remark).toBe("mine");
  expect(await contractsOnPhone(1)).toEqual(["OPEN"]);
  expect(await contractsOnPhone(12)).toEqual([]);
});

test("asks for strict durability", async () => {
  const spy = vi.spyOn(IDBDatabase.prototype, "transaction");
  const db = await openUserDatabase(1, "STRICT");
  await db.putMeta("ready_at", "now");
  expect(spy.mock.calls.at(-1)).toEqual([["meta"], "readwrite", { durability: "strict" }]);
});

test("a cleared store is told once, until it is acknowledged", async () => {
  await openUserDatabase(1, "EVICTED");
  closeUserDatabase();
  expect(notices).toEqual([]);
  await Dexie.delete("roundbook-1-EVICTED");
  const db = await openUserDatabase(1, "EVICTED");
  expect(notices).toEqual(["evicted"]);
  expect(await db.getMeta("evicted_at")).toBeTruthy();
  closeUserDatabase();
  await openUserDatabase(1, "EVICTED");
  expect(notices).toEqual(["evicted"]);
});

test("an old page gives way to a newer version's upgrade, and can still save", async () => {
  const old = await openUserDatabase(1, "UPGRADE");
  await applyPull(old, firstPull());
  await saveDraft(old, 1, { remark: "before" });
  class Newer extends UserDatabase {
    constructor(user: number, code: string) {
      super(user, code);
      this.version(9).stores({ extra: "id" });
    }
  }
  const newer = new Newer(1, "UPGRADE");
  await newer.open();
  expect(notices).toEqual(["superseded"]);
  expect((await newer.drafts.get(1))!.remark).toBe("before");
  await saveDraft(old, 1, { answers: { power: { value: "pass" } } });
  expect(await newer.drafts.get(1)).toMatchObject({ remark: "before", version: 2 });
  newer.close();
});

test("a lost connection is opened again, and the write done once more", async () => {
  const db = await openDatabase(1, "LOST");
  let calls = 0;
  const answer = await write(db, async () => {
    if (++calls === 1) {
      db.close();
      throw new Dexie.UnknownError("Connection to Indexed Database server lost. Refresh the page to try again");
    }
    await db.putMeta("ready_at", "kept");
    return calls;
  });
  expect(answer).toBe(2);
  expect(await db.getMeta("ready_at")).toBe("kept");
  db.close();
});

test.each([
  ["has ended it", endNextRead],
  ["has lost the connection", (db: UserDatabase) => db.close()],
])("what is read once is read once more where the browser %s", async (_, harm) => {
  const db = await openUserDatabase(1, `ONCE${Math.random()}`);
  await applyPull(db, firstPull());
  await db.labels.put({ id: 1, code: LABEL, device_id: 1, revoked: false });
  await saveCaseDraft("declare/1", { title: "没有声音" });
  harm(db);
  expect(await resolveLabel(LABEL)).toMatchObject({ kind: "device", code: LABEL });
  harm(db);
  expect((await searchDevices("投影机")).map(({ device }) => device.id)).toEqual([1, 2]);
  harm(db);
  expect((await homeOnce()).rooms.map(({ room }) => room.id)).toContain(1);
  harm(db);
  expect((await placeOfDevice(1)).device?.id).toBe(1);
  harm(db);
  expect((await caseDraft("declare/1"))?.values).toEqual({ title: "没有声音" });
});

/** As WebKit does it: what is asked next is ended while it waits for its answer. */
function endNextRead(): void {
  const { get } = IDBObjectStore.prototype;
  const { getAll } = IDBIndex.prototype;
  const spies = [vi.spyOn(IDBObjectStore.prototype, "get"), vi.spyOn(IDBIndex.prototype, "getAll")] as const;
  const end = (transaction: IDBTransaction) => {
    transaction.abort();
    spies.forEach((spy) => spy.mockRestore());
  };
  spies[0].mockImplementation(function (this: IDBObjectStore, ...asked) {
    const request = get.apply(this, asked);
    end(this.transaction);
    return request;
  });
  spies[1].mockImplementation(function (this: IDBIndex, ...asked) {
    const request = getAll.apply(this, asked);
    end(this.objectStore.transaction);
    return request;
  });
}

test("live queries begin again when a lost connection is opened", async () => {
  const db = await openUserDatabase(1, "REVIVED");
  const told = vi.fn();
  const quiet = onDatabase(told);
  await reviveDatabase();
  expect(told).not.toHaveBeenCalled();
  db.close({ disableAutoOpen: false });
  await reviveDatabase();
  expect(db.isOpen()).toBe(true);
  expect(told).toHaveBeenCalledWith(db);
  quiet();
});

test("a full store is told apart from other failures, however deep it is wrapped", () => {
  const quota = new DOMException("full", "QuotaExceededError");
  expect(toNotSaved(quota).reason).toBe("full");
  expect(toNotSaved(new Dexie.AbortError("aborted", quota)).reason).toBe("full");
  expect(toNotSaved(new Error("?")).reason).toBe("failed");
  expect(() => currentDatabase()).toThrow(NotSavedError);
});

test("ids are in the order of their making, also when the clock goes back", () => {
  const ids = [uuidv7(5_000), ...Array.from({ length: 5_000 }, () => uuidv7(5_000)), uuidv7(1)];
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("digests are those of the standard", async () => {
  const empty = await sha256Hex("");
  expect(empty).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(reprDigest(empty)).toBe("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
  expect(await sha256Hex("测试")).toBe(await sha256Hex(new TextEncoder().encode("测试")));
});
