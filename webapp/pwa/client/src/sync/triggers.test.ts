/** What starts a run where the browser has no Background Sync, as on every iPhone. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { saveDraft } from "../db/drafts";
import { finishInspection } from "../db/finish";
import { applyPull } from "../db/pulled";
import type { UserDatabase } from "../db/schema";
import { emptyDatabase, firstPull } from "../db/testing";
import { SyncEngine } from "./engine";
import { FakeServer, problem } from "./testing";

let db: UserDatabase;
let server: FakeServer;
let engine: SyncEngine;
let page: EventTarget & { visibilityState: string };

beforeEach(async () => {
  db = await emptyDatabase();
  await applyPull(db, firstPull());
  server = new FakeServer();
  page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  vi.stubGlobal("document", page);
  vi.stubGlobal("navigator", { onLine: true });
  engine = new SyncEngine(db, { fetch: server.fetch });
});

afterEach(() => {
  engine.stop();
  vi.unstubAllGlobals();
});

async function started(): Promise<void> {
  engine.start();
  await vi.waitFor(() => expect(server.count("pull")).toBe(1), 3_000);
}

async function inspect(): Promise<string> {
  await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
  return (await finishInspection(db, 1)).uid;
}

function become(visibilityState: string): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
}

function isAccepted(uid: string): Promise<void> {
  return vi.waitFor(async () => expect((await db.records.get(uid))!.state).toBe("accepted"), 3_000);
}

test("a page that is left sends at once, also what could still be undone", async () => {
  await started();
  const uid = await inspect();
  expect(server.count("push")).toBe(0);
  become("hidden");
  await isAccepted(uid);
});

test("a page that is looked at again waits no longer after a failure", async () => {
  await started();
  server.before = () => problem(503, "busy", { "Retry-After": "3600" });
  const uid = await inspect();
  become("hidden");
  await vi.waitFor(async () => expect((await db.getMeta("engine"))?.retry_at).toBeTruthy(), 3_000);
  server.before = () => null;
  await db.outbox.toCollection().modify({ hold_until: 0 });
  become("visible");
  await isAccepted(uid);
});

test("what was saved without a network goes when it may no longer be undone, though the network came back before", async () => {
  await started();
  Object.assign(navigator, { onLine: false });
  const uid = await inspect();
  await db.outbox.toCollection().modify({ hold_until: Date.now() + 1_500 });
  Object.assign(navigator, { onLine: true });
  engine.nudge();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(server.count("push")).toBe(0);
  await isAccepted(uid);
});
