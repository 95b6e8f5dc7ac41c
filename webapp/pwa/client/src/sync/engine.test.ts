import "fake-indexeddb/auto";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { saveDraft } from "../db/drafts";
import { amendInspection, finishInspection, undoFinish } from "../db/finish";
import { home } from "../db/home";
import { sha256Hex } from "../db/ids";
import { openDatabase } from "../db/open";
import { keepPhoto } from "../db/photos";
import { applyPull } from "../db/pulled";
import type { UserDatabase } from "../db/schema";
import { emptyDatabase, firstPull, somePhoto } from "../db/testing";
import { unsentOnPhone } from "../db/unsent";
import { backoffMs, LONGEST_MS } from "./backoff";
import { SyncEngine } from "./engine";
import { DEAD_MS, withSenderLock } from "./lock";
import { makeRescueFile } from "./rescue";
import { runSync } from "./run";
import { FakeServer, json, problem } from "./testing";
import { sendOutbox } from "./worker";

const WHOLE = { item: null, finding: null, open_item: null };
let db: UserDatabase;
let server: FakeServer;
let engine: SyncEngine | null;

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
  server = new FakeServer();
  engine = null;
  stubLocks();
});

afterEach(() => {
  engine?.stop();
  vi.unstubAllGlobals();
});

/** Locks as browsers have them, as far as the sender uses them. */
function stubLocks(extra: object = {}): void {
  const held = new Map<string, object>();
  type Work = (lock: object | null) => unknown;
  const request = async (name: string, options: { steal?: boolean }, work: Work) => {
    if (held.has(name) && !options.steal) return work(null);
    const lock = { name };
    held.set(name, lock);
    try {
      return await work(lock);
    } finally {
      if (held.get(name) === lock) held.delete(name);
    }
  };
  const query = async () => ({ held: [...held.values()] });
  vi.stubGlobal("navigator", { onLine: true, locks: { request, query }, ...extra });
}

async function inspect(target = db, taskId = 1, photos = 1): Promise<string> {
  await saveDraft(target, taskId, { answers: { power: { value: "pass" } } });
  for (let n = 0; n < photos; n++) await keepPhoto(target, taskId, WHOLE, somePhoto(n));
  return (await finishInspection(target, taskId)).uid;
}

function picturesOfLastMonth(count: number) {
  const ids = Array.from({ length: count }, (_, n) => [`item${n}`, `photo-${n}`]);
  return { month: "2026-10", verdict: "normal", readings: {}, photos: Object.fromEntries(ids), exception: null };
}

function releaseHolds(target = db): Promise<number> {
  return target.outbox.toCollection().modify({ hold_until: 0 });
}

function start(hooks: object = {}): SyncEngine {
  engine = new SyncEngine(db, { fetch: server.fetch, ...hooks });
  engine.start();
  return engine;
}

async function stateOf(uid: string): Promise<string> {
  return (await db.records.get(uid))!.state;
}

describe("back-off", () => {
  test("doubles from two seconds to five minutes, less chance", () => {
    const waits = [1, 2, 3, 8, 9, 50].map((failures) => backoffMs(failures, null, () => 1));
    expect(waits).toEqual([2_000, 4_000, 8_000, 256_000, LONGEST_MS, LONGEST_MS]);
    expect(backoffMs(1, null, () => 0)).toBe(1_000);
  });

  test("is never less than what the server asks for", () => {
    expect(backoffMs(1, 90, () => 0)).toBe(90_000);
    expect(backoffMs(9, 1, () => 1)).toBe(LONGEST_MS);
  });
});

describe("one sender at a time", () => {
  test("of two that start together one sends; nothing goes twice", async () => {
    await inspect(db, 1, 3);
    const run = () => withSenderLock(db, () => runSync(db, server.fetch, { everything: true }));
    const results = await Promise.all([run(), run(), run()]);
    expect(results.filter((result) => result !== null)).toHaveLength(1);
    expect(server.count("push")).toBe(1);
    expect(server.count("PUT")).toBe(3);
  });

  test("a sender that sleeps with the lock in its hand is overtaken", async () => {
    let wake = () => {};
    const asleep = withSenderLock(db, () => new Promise<void>((resolve) => (wake = resolve)));
    await db.putMeta("beat", Date.now());
    expect(await withSenderLock(db, async () => "sent")).toBeNull();
    await db.putMeta("beat", Date.now() - DEAD_MS - 1);
    expect(await withSenderLock(db, async () => "sent")).toBe("sent");
    wake();
    await asleep;
  });

  test("browsers without locks send once per page", async () => {
    vi.stubGlobal("navigator", { onLine: true });
    const both = [1, 2].map(() => withSenderLock(db, async () => "sent"));
    expect(await Promise.all(both)).toEqual(["sent", null]);
  });
});

describe("the page's engine", () => {
  test("pulls at the start, and sends what was left from before", async () => {
    const uid = await inspect();
    await releaseHolds();
    start();
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
    await vi.waitFor(() => expect(server.count("pull")).toBeGreaterThan(0), 3_000);
    expect(server.count("missing")).toBe(0);
  });

  test("sends what is saved later, by itself", async () => {
    start();
    await vi.waitFor(() => expect(server.count("pull")).toBe(1));
    const uid = await inspect();
    await releaseHolds();
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
  });

  test("a record saved while last month's pictures load goes before them", async () => {
    server.after = async (path, answer) => {
      if (!path.includes("/sync/pull")) return answer;
      const pulled = await answer.json();
      pulled.rows.tasks[0].previous = picturesOfLastMonth(40);
      return json(pulled);
    };
    let letGo = () => {};
    const slow = new Promise<void>((resolve) => (letGo = resolve));
    server.before = async (path) => (path.includes("sync/pictures") ? slow.then(() => null) : null);
    start();
    await vi.waitFor(() => expect(server.count("sync/pictures")).toBeGreaterThan(0));
    const uid = await inspect();
    await releaseHolds();
    const loading = server.count("sync/pictures");
    letGo();
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
    expect(loading).toBe(1);
    const fetched = () => db.thumbs.filter((one) => one.source === "server").count();
    await vi.waitFor(async () => expect(await fetched()).toBe(40), 3_000);
    expect(server.count("sync/pictures")).toBe(3);
  });

  test("a picture of last month that failed comes with the next run, and is no reason to spin", async () => {
    server.after = async (path, answer) => {
      if (!path.includes("/sync/pull")) return answer;
      const pulled = await answer.json();
      pulled.rows.tasks[0].previous = picturesOfLastMonth(1);
      return json(pulled);
    };
    server.before = (path) => (path.includes("sync/pictures") ? problem(503, "busy") : null);
    const running = start();
    await vi.waitFor(() => expect(server.count("sync/pictures")).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.count("sync/pictures")).toBe(1);
    server.before = () => null;
    running.nudge();
    await vi.waitFor(async () => expect(await db.thumbs.count()).toBe(1), 3_000);
    expect(await db.thumbs.get("photo-0")).toMatchObject({ absent: false, type: "image/jpeg" });
  });

  test("a picture that the server can't give keeps no other waiting, and is asked for again", async () => {
    server.after = async (path, answer) => {
      if (!path.includes("/sync/pull")) return answer;
      const pulled = await answer.json();
      pulled.rows.tasks[0].previous = picturesOfLastMonth(40);
      return json(pulled);
    };
    server.withheld.add("photo-0");
    // And of the second sixteen nothing comes.
    server.before = (path) => (/sync\/pictures.*photo-16\b/.test(path) ? problem(500, "unexpected") : null);
    const running = start();
    await vi.waitFor(async () => expect(await db.thumbs.count()).toBe(23), 3_000);
    expect(await db.thumbs.get("photo-0")).toBeUndefined();
    expect(await db.thumbs.get("photo-16")).toBeUndefined();
    server.withheld.clear();
    server.before = () => null;
    running.nudge();
    await vi.waitFor(async () => expect(await db.thumbs.count()).toBe(40), 3_000);
  });

  test("an operation that is to be retried is no reason to spin", async () => {
    server.judge = () => ({ result: "retry" });
    await inspect(db, 1, 0);
    await releaseHolds();
    start();
    await vi.waitFor(() => expect(server.count("push")).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(server.count("push")).toBeLessThanOrEqual(2);
  });

  test("a failure waits, and the network's return ends the waiting", async () => {
    const uid = await inspect();
    await releaseHolds();
    server.before = () => problem(503, "busy", { "Retry-After": "3600" });
    const running = start();
    await vi.waitFor(async () => expect((await db.getMeta("engine"))?.retry_at).toBeGreaterThan(Date.now() + 3_000_000));
    const asked = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.requests).toHaveLength(asked);
    server.before = () => null;
    running.nudge();
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
  });

  test("asks for the password in place when the session is over", async () => {
    server.userId = null;
    const onSignInNeeded = vi.fn();
    start({ onSignInNeeded });
    await vi.waitFor(() => expect(onSignInNeeded).toHaveBeenCalled());
  });

  test("the button sends what could be undone, and tries what was refused", async () => {
    const uid = await inspect();
    await db.outbox.toCollection().modify({ state: "refused" });
    const running = start();
    await vi.waitFor(() => expect(server.count("pull")).toBe(1));
    expect(server.count("push")).toBe(0);
    await running.syncNow();
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
  });

  test("what the button asked for is not forgotten while another sender is at work", async () => {
    const running = start();
    await vi.waitFor(() => expect(server.count("pull")).toBe(1));
    const uid = await inspect();
    await db.outbox.toCollection().modify({ hold_until: Date.now() + 50_000 });
    let end = () => {};
    const other = withSenderLock(db, () => new Promise<void>((resolve) => (end = resolve)));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await running.syncNow();
      expect(server.count("push")).toBe(0);
      end();
      await other;
      vi.advanceTimersByTime(10_000);
    } finally {
      vi.useRealTimers();
    }
    await vi.waitFor(async () => expect(await stateOf(uid)).toBe("accepted"), 3_000);
  });

  test("a queue that stands still while online is told", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "performance"] });
    try {
      server.judge = () => ({ result: "retry" });
      await inspect(db, 1, 0);
      await releaseHolds();
      start();
      await vi.waitFor(() => expect(server.count("push")).toBeGreaterThan(0));
      // A run that is under way ends with its own word first; the next half minute tells.
      await vi.waitFor(async () => {
        vi.advanceTimersByTime(700_000);
        expect((await db.getMeta("engine"))?.stuck).toBe(true);
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test("offline it rests, and says so", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    start();
    await vi.waitFor(async () => expect((await db.getMeta("engine"))?.phase).toBe("offline"));
    expect(server.requests).toEqual([]);
  });
});

describe("the service worker's sender", () => {
  test("sends the signed-in user's contracts, and opens nobody else's", async () => {
    const mine = await openDatabase(1, "W1");
    const other = await openDatabase(2, "W1");
    for (const one of [mine, other]) {
      await applyPull(one, firstPull());
      await inspect(one, 1, 1);
    }
    await sendOutbox(server.fetch);
    expect(await mine.records.where("state").equals("accepted").count()).toBe(1);
    expect(await other.records.where("state").equals("saved").count()).toBe(1);
    expect(server.requests.filter((request) => request.includes("/contracts/W1/sync/push"))).toHaveLength(1);
    mine.close();
    other.close();
  });

  test("leaves what may still be undone while somebody sees a page, and asks to be woken for it", async () => {
    const mine = await openDatabase(7, "W3");
    await applyPull(mine, firstPull());
    server.userId = 7;
    const uid = await inspect(mine, 1, 0);
    await expect(sendOutbox(server.fetch, { everything: false })).rejects.toThrow("held");
    expect(await undoFinish(mine, uid)).toBe(true);
    await finishInspection(mine, 1);
    await mine.outbox.toCollection().modify({ hold_until: Date.now() - 1 });
    await sendOutbox(server.fetch, { everything: false });
    expect((await mine.records.get(uid))!.state).toBe("accepted");
    mine.close();
  });

  test("throws on a failure that time may mend, so that the browser wakes it again", async () => {
    const mine = await openDatabase(7, "W2");
    await applyPull(mine, firstPull());
    await inspect(mine, 1, 0);
    server.userId = 7;
    server.before = (path) => (path.includes("push") ? problem(503, "busy") : null);
    await expect(sendOutbox(server.fetch)).rejects.toThrow("busy");
    server.before = (path) => (path.includes("push") ? problem(403, "forbidden") : null);
    await expect(sendOutbox(server.fetch)).resolves.toBeUndefined();
    mine.close();
  });
});

describe("the rescue file", () => {
  test("holds every unsent envelope and photo, byte for byte, and nothing that was sent", async () => {
    await inspect(db, 2, 1);
    await runSync(db, server.fetch, { everything: true });
    const uid = await inspect(db, 1, 2);
    await saveDraft(db, 3, { remark: "not finished" });
    const file = await makeRescueFile(db);
    expect(file).toMatchObject({ records: 1, photos: 2 });
    const entries = unzipSync(new Uint8Array(await file.blob.arrayBuffer()));
    const read = (name: string) => JSON.parse(new TextDecoder().decode(entries[name])) as never;
    const manifest: { operations: { id: string }[]; photos: { file: string; sha256: string; inspection: string }[] } =
      read("manifest.json");
    expect(manifest).toMatchObject({ format: 1, user_id: 1, contract: db.contractCode });
    const envelope: { payload: string; hash: string } = read(`operations/${manifest.operations[0]!.id}.json`);
    expect(await sha256Hex(envelope.payload)).toBe(envelope.hash);
    for (const photo of manifest.photos) {
      expect(photo.inspection).toBe(uid);
      expect(await sha256Hex(entries[photo.file]!.slice().buffer)).toBe(photo.sha256);
    }
    expect(read("drafts.json")).toMatchObject([{ task_id: 3, remark: "not finished" }]);
  });
});

describe("what was quarantined", () => {
  beforeEach(() => {
    server.judge = ({ kind }) => (kind === "inspection" ? { result: "quarantined", code: "round_closed" } : { result: "applied" });
  });

  /** What the supervisor has made of all that is held, as the next push of it is answered. */
  function decide(result: string, code = ""): void {
    for (const one of server.operations.values()) Object.assign(one, { result, code });
  }

  test("is the server's once the supervisor has applied it", async () => {
    const uid = await inspect(db, 1, 0);
    await runSync(db, server.fetch, { everything: true });
    expect((await db.records.get(uid))!.state).toBe("quarantined");
    decide("applied");
    await runSync(db, server.fetch, { everything: true, pull: true });
    expect(await db.records.get(uid)).toMatchObject({ state: "accepted", code: "" });
    const pushes = server.pushes.length;
    await runSync(db, server.fetch, { everything: true, pull: true });
    expect(server.pushes).toHaveLength(pushes);
  });

  test("counts no more once he has set it aside, and what is inspected anew is sent", async () => {
    const uid = await inspect(db, 1, 0);
    await runSync(db, server.fetch, { everything: true });
    expect((await home(db)).totals.todo).toBe(2);
    decide("quarantined", "dismissed");
    await runSync(db, server.fetch, { everything: true, pull: true });
    expect((await db.records.get(uid))!.state).toBe("dismissed");
    expect((await home(db)).totals.todo).toBe(3);
    server.judge = () => ({ result: "applied" });
    await amendInspection(db, uid);
    await finishInspection(db, 1);
    await runSync(db, server.fetch, { everything: true });
    const sent = server.pushes.at(-1)!.operations;
    expect(sent.map((one) => [one.kind, JSON.parse(one.payload).amends])).toEqual([["inspection", null]]);
    expect((await db.records.get(uid))!.state).toBe("accepted");
  });

  test("holds no round once it is set aside", async () => {
    const uid = await inspect(db, 1, 0);
    await runSync(db, server.fetch, { everything: true });
    const gone = { rounds: [5], tasks: [1, 2, 3] } as never;
    await applyPull(db, firstPull({ full: false, head: 50, rows: {} as never, gone }));
    expect(await db.rounds.get(5)).toBeDefined();
    decide("quarantined", "dismissed");
    await askedAgain();
    await applyPull(db, firstPull({ full: false, head: 51, rows: {} as never, gone: {} as never }));
    expect(await db.rounds.get(5)).toBeUndefined();
    expect((await db.records.get(uid))!.state).toBe("dismissed");

    async function askedAgain(): Promise<void> {
      server.before = (path) => (path.includes("/sync/pull") ? problem(503, "busy") : null);
      await runSync(db, server.fetch, { everything: true, pull: true });
    }
  });
});

test("what was recorded for another contract goes too, and counts at the sign-out", async () => {
  db = await emptyDatabase(31);
  server.userId = 31;
  const other = await openDatabase(31, "ELSEWHERE");
  await applyPull(other, firstPull());
  await inspect(other, 1, 2);
  expect(await unsentOnPhone(db)).toMatchObject({ records: 1, photos: 2 });
  start();
  await vi.waitFor(async () => expect(await unsentOnPhone(db)).toMatchObject({ records: 0, photos: 0 }), 3_000);
  other.close();
});
