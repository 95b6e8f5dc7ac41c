import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test } from "vitest";
import { saveDraft } from "../db/drafts";
import { amendInspection, finishInspection, finishWithException, undoFinish } from "../db/finish";
import { recordScan } from "../db/search";
import { LABEL } from "../db/testing";
import { unsentCount } from "../db/unsent";
import { json, problem } from "./testing";
import { begin, db, inspect, photosOf, record, run, server } from "./testing-phone";

beforeEach(begin);

describe("a good network", () => {
  test("records go first, their photos after, byte for byte, and all is accepted", async () => {
    const uid = await inspect(1, 3);
    const result = await run();
    expect(result).toMatchObject({ ok: true, acknowledged: 4, failure: null });
    expect(await record(uid)).toMatchObject({ state: "accepted", acknowledged_at: "2026-11-03T02:00:00Z" });
    const firstPhoto = server.requests.findIndex((request) => request.startsWith("PUT"));
    const push = server.requests.findIndex((request) => request.includes("push"));
    expect(push).toBeLessThan(firstPhoto);
    for (const photo of await photosOf(uid)) {
      const held = (await db.blobs.get(photo.id))!.buf;
      expect(Buffer.from(server.photos.get(photo.id)!).equals(Buffer.from(held))).toBe(true);
    }
    expect(await unsentCount(db)).toEqual({ records: 0, photos: 0, lost: 0, scans: 0, drafts: 0 });
  });

  test("the push tells the phone, its clock and what it still holds", async () => {
    await inspect(1, 2);
    await recordScan(db, LABEL, 1, "expected");
    await run();
    const [body] = server.pushes;
    expect(body).toMatchObject({ envelope: 1, unsent: { records: 0, photos: 2 } });
    expect(body!.phone_id).toBe(await db.getMeta("phone_id"));
    expect(Date.parse(body!.device_time)).not.toBeNaN();
    expect(Object.keys(body!.operations[0]!).sort()).toEqual(["hash", "id", "kind", "payload", "version"]);
    expect(body!.operations.map((one) => one.kind)).toEqual(["inspection", "scan"]);
  });

  test("the pull tells how the phone is once everything is sent", async () => {
    await inspect(1, 2);
    await db.putMeta("space", { used_bytes: 10.5, quota_bytes: 1000, persisted: true });
    const told: Record<string, unknown>[] = [];
    server.before = (path) => {
      const query = new URL(path, "http://phone").searchParams;
      if (path.includes("/sync/pull")) told.push(JSON.parse(query.get("phone")!));
      return null;
    };
    await run({ pull: true });
    expect(told).toEqual([
      {
        phone_id: await db.getMeta("phone_id"),
        device_time: expect.any(String),
        unsent: { records: 0, photos: 0, lost: 0 },
        app_version: __APP_VERSION__,
        storage: { used_bytes: 11, quota_bytes: 1000, persisted: true },
      },
    ]);
    expect(server.pushes[0]).toMatchObject({ app_version: __APP_VERSION__, storage: told[0]!.storage });
  });

  test("a second run sends nothing again", async () => {
    await inspect();
    await run();
    await run();
    expect(server.count("push")).toBe(1);
    expect(server.count("PUT")).toBe(1);
  });

  test("what may still be undone is not sent, and what was sent can't be undone", async () => {
    const uid = await inspect();
    await run({ everything: false });
    expect(server.count("push")).toBe(0);
    await run();
    expect(await undoFinish(db, uid)).toBe(false);
  });

  test("a clock that was put back holds nothing up", async () => {
    await inspect();
    await db.outbox.toCollection().modify({ hold_until: Date.now() + 86_400_000 });
    await run({ everything: false });
    expect(server.operations.size).toBe(1);
  });
});

describe("answers that don't count", () => {
  const html = () => new Response("<html>Welcome to the hotel</html>", { headers: { "Content-Type": "text/html" } });
  const lies: Record<string, (answer: Response) => Response | Promise<Response>> = {
    "a page of HTML with 200": html,
    "HTML that calls itself JSON": () => new Response("<html>", { headers: { "Content-Type": "application/json" } }),
    "a bare 200": () => new Response(""),
    "204 without a body": () => new Response(null, { status: 204 }),
    "JSON without our envelope": () => json({ ok: true }),
    "511 of a captive portal": () => new Response("sign in", { status: 511 }),
    "a JSON list": () => json([]),
    "a body cut in the middle": async (answer) => {
      const text = await answer.text();
      return new Response(text.slice(0, text.length / 2), { headers: { "Content-Type": "application/json" } });
    },
    "another hash echoed": async (answer) => {
      const body = (await answer.json()) as { results: { hash: string }[] };
      body.results.forEach((one) => (one.hash = "0".repeat(64)));
      return json(body);
    },
    "another id echoed": async (answer) => {
      const body = (await answer.json()) as { results: { id: string }[] };
      body.results.forEach((one) => (one.id = crypto.randomUUID()));
      return json(body);
    },
    "an unknown result": async (answer) => {
      const body = (await answer.json()) as { results: { result: string }[] };
      body.results.forEach((one) => (one.result = "ok"));
      return json(body);
    },
    "no results": async (answer) => json({ ...((await answer.json()) as object), results: [] }),
  };

  test.each(Object.keys(lies))("%s acknowledges no record", async (name) => {
    const uid = await inspect();
    server.after = (path, answer) => (path.includes("push") ? lies[name]!(answer) : answer);
    const result = await run();
    expect(result.ok).toBe(false);
    expect((await record(uid)).state).toBe("saved");
    expect(server.count("PUT")).toBe(0);
    server.after = (_, answer) => answer;
    await run();
    expect((await record(uid)).state).toBe("accepted");
    expect(server.operations.size).toBe(1);
  });

  test.each(["a page of HTML with 200", "a bare 200", "a body cut in the middle", "JSON without our envelope"])(
    "%s acknowledges no photo",
    async (name) => {
      const uid = await inspect();
      server.after = (path, answer) => (path.includes("/photos/") ? lies[name]!(answer) : answer);
      await run();
      expect((await photosOf(uid))[0]!.state).toBe("waiting");
      expect((await record(uid)).state).toBe("sent");
    },
  );

  test("a photo's answer with another digest acknowledges nothing", async () => {
    const uid = await inspect();
    server.after = async (path, answer) =>
      path.includes("/photos/") ? json({ ...((await answer.json()) as object), sha256: "f".repeat(64) }) : answer;
    await run();
    expect((await photosOf(uid))[0]!.state).toBe("waiting");
  });

  test("a redirect is an error of the network, asked for as such", async () => {
    const uid = await inspect();
    let asked: RequestInit = {};
    server.before = (path, init) => {
      if (!path.includes("push")) return null;
      asked = init;
      throw new TypeError("redirect mode is set to error");
    };
    const result = await run();
    expect(asked.redirect).toBe("error");
    expect(result.failure).toMatchObject({ reason: "offline" });
    expect((await record(uid)).state).toBe("saved");
  });

  test("what is answered in part is acknowledged in part", async () => {
    const [first, second] = [await inspect(1, 0), await inspect(2, 0)];
    server.after = async (path, answer) => {
      if (!path.includes("push")) return answer;
      const body = (await answer.json()) as { results: unknown[] };
      return json({ ...body, results: body.results.slice(0, 1) });
    };
    await run();
    expect((await record(first)).state).toBe("accepted");
    expect((await record(second)).state).toBe("saved");
  });
});

describe("killed between the server's commit and its answer", () => {
  test("the same push again is a duplicate, and accepted once", async () => {
    const uid = await inspect();
    server.after = (path, answer) => {
      if (path.includes("push")) throw new TypeError("network error");
      return answer;
    };
    await run();
    expect(server.operations.size).toBe(1);
    expect((await record(uid)).state).toBe("saved");
    server.after = (_, answer) => answer;
    await run();
    expect(server.operations.size).toBe(1);
    expect((await record(uid)).state).toBe("accepted");
  });

  test("a duplicate of what was quarantined stays quarantined", async () => {
    const uid = await inspect(1, 0);
    server.judge = () => ({ result: "quarantined", code: "round_not_open" });
    server.after = (path, answer) => {
      if (path.includes("push")) throw new TypeError("network error");
      return answer;
    };
    await run();
    server.after = (_, answer) => answer;
    await run();
    expect(await record(uid)).toMatchObject({ state: "quarantined", code: "round_not_open" });
  });
});

describe("one bad record blocks no other", () => {
  test("quarantined, in conflict, to be retried, applied: each for itself", async () => {
    const uids = [await inspect(1, 1), await inspect(2, 0), await inspect(3, 0)];
    const fates = ["quarantined", "retry", "conflict"];
    const fate = new Map(uids.map((uid, n) => [uid, fates[n]!]));
    server.judge = (one) => ({ result: fate.get((JSON.parse(one.payload) as { uid: string }).uid)! });
    const result = await run();
    expect(result.ok).toBe(true);
    expect((await Promise.all(uids.map(record))).map((one) => one.state)).toEqual(["quarantined", "saved", "conflict"]);
    expect(await unsentCount(db)).toMatchObject({ records: 1, photos: 1 });
  });

  test("a photo of a quarantined record waits, and goes once a supervisor has mended it", async () => {
    const uid = await inspect(1, 1);
    server.judge = () => ({ result: "quarantined" });
    await run();
    expect((await photosOf(uid))[0]).toMatchObject({ state: "waiting", code: "photo_not_expected", attempts: 1 });
    await run();
    expect(server.count("PUT")).toBe(1);
    server.operations.forEach((one) => (one.result = "applied"));
    await db.photos.toCollection().modify({ next_try_at: 0 });
    await run();
    expect((await photosOf(uid))[0]!.state).toBe("sent");
  });

  test("413 halves the batch until it passes; a record that is too large alone stays, shown", async () => {
    const uids = [await inspect(1, 0), await inspect(2, 0), await inspect(3, 0)];
    const large = (await record(uids[1]!)).operation_ids[0]!;
    server.before = (path, init) => {
      if (!path.includes("push")) return null;
      const { operations } = JSON.parse(init.body as string) as { operations: { id: string }[] };
      const tooLarge = operations.length > 2 || operations.some((one) => one.id === large);
      return tooLarge ? problem(413, "too_large") : null;
    };
    await run();
    expect((await Promise.all(uids.map(record))).map((one) => one.state)).toEqual(["accepted", "saved", "accepted"]);
    expect(await db.outbox.get(large)).toMatchObject({ state: "refused", code: "too_large" });
    expect((await unsentCount(db)).records).toBe(1);
  });

  test("a 500 on one record of a batch is worked around", async () => {
    const uids = [await inspect(1, 0), await inspect(2, 0), await inspect(3, 0)];
    const poison = (await record(uids[0]!)).operation_ids[0]!;
    server.before = (path, init) =>
      path.includes("push") && (init.body as string).includes(poison) ? problem(500, "unexpected") : null;
    await run();
    expect((await Promise.all(uids.map(record))).map((one) => one.state)).toEqual(["saved", "accepted", "accepted"]);
  });
});

describe("records that the server fails on", () => {
  test("hold up neither what is behind them, nor photos, nor the pull", async () => {
    const bad = [await inspect(1, 0), await inspect(2, 0), await inspect(3, 0)];
    const poison = await Promise.all(bad.map(async (uid) => (await record(uid)).operation_ids[0]!));
    server.before = (path, init) =>
      path.includes("push") && poison.some((id) => (init.body as string).includes(id)) ? problem(500, "unexpected") : null;
    const first = await run({ pull: true });
    expect([first.failure?.status, server.count("/sync/pull")]).toEqual([500, 1]);
    await amendInspection(db, bad[0]!);
    await finishInspection(db, 1);
    const behind = (await record(bad[0]!)).operation_ids.at(-1)!;
    await run({ pull: true });
    expect((await db.outbox.get(behind))!.state).toBe("done");
    // And they go themselves as soon as they can.
    server.before = () => null;
    expect((await run()).ok).toBe(true);
    expect((await Promise.all(bad.map(record))).map((one) => one.state)).toEqual(["accepted", "accepted", "accepted"]);
  });
});

describe("a server that can't or won't", () => {
  test.each([
    [problem(503, "busy", { "Retry-After": "7" }), 7],
    [problem(429, "too_many_requests", { "Retry-After": "Tue, 03 Nov 2026 02:00:30 GMT", Date: "Tue, 03 Nov 2026 02:00:00 GMT" }), 30],
    [new Response("<h1>502</h1>", { status: 502 }), null],
    [problem(507, "disk_full"), null],
  ])("asks to wait: %#", async (answer, wait) => {
    const uid = await inspect();
    server.before = (path) => (path.includes("push") ? answer.clone() : null);
    const result = await run();
    expect(result.failure).toMatchObject({ reason: "busy", waitSeconds: wait });
    expect((await record(uid)).state).toBe("saved");
    expect((await db.getMeta("engine"))!.phase).toBe("waiting");
  });

  test("a session that is over pauses, and deletes nothing", async () => {
    const uid = await inspect();
    server.userId = null;
    await run();
    expect(await db.getMeta("engine")).toMatchObject({ phase: "paused", paused: "sign_in" });
    server.userId = 1;
    await run();
    expect((await record(uid)).state).toBe("accepted");
    expect((await db.getMeta("engine"))!.paused).toBeNull();
  });

  test.each([403, 404])("a contract that is closed to the user (%i) pauses with the reason", async (status) => {
    const uid = await inspect();
    server.before = (path) => (path.includes("push") ? problem(status, status === 403 ? "forbidden" : "not_found") : null);
    await run();
    expect(await db.getMeta("engine")).toMatchObject({ phase: "paused", paused: "no_access" });
    expect((await record(uid)).state).toBe("saved");
  });

  test("another user's session in this browser never carries these records", async () => {
    await inspect();
    server.userId = 2;
    await run();
    expect(server.count("push")).toBe(0);
    expect((await db.getMeta("engine"))!.paused).toBe("other_user");
  });

  test("every request of sync names the user that it is meant for", async () => {
    await inspect();
    const named: unknown[] = [];
    server.before = (path, init) => {
      if (path !== "/api/session") named.push((init.headers as Record<string, string>)["Roundbook-User"]);
      return null;
    };
    await run({ pull: true, reconcile: true });
    expect(named.length).toBeGreaterThan(2);
    expect(new Set(named)).toEqual(new Set(["1"]));
  });
});

test("what was answered while an amendment stood still counts once the amendment is undone", async () => {
  const uid = await inspect(1, 1);
  await db.outbox.toCollection().modify({ hold_until: 0 });
  server.before = (path) => (path.includes("/photos/") ? problem(503, "busy") : null);
  server.after = async (path, answer) => {
    if (!path.endsWith("/push")) return answer;
    await amendInspection(db, uid);
    await saveDraft(db, 1, { remark: "one more thing" });
    await finishInspection(db, 1);
    return answer;
  };
  await run({ everything: false });
  expect(await undoFinish(db, uid)).toBe(true);
  expect(await record(uid)).toMatchObject({ state: "sent", acknowledged_at: "2026-11-03T02:00:00Z" });
  server.before = () => null;
  await run();
  expect(server.photos.size).toBe(1);
  expect((await record(uid)).state).toBe("accepted");
});

describe("a restored backup", () => {
  beforeEach(async () => {
    await inspect(1, 1);
    await finishWithException(db, [2], { reason: "occupied", remark: "", revisit_on: null });
    await run();
    server.operations.clear();
    server.photos.clear();
  });

  test("a new epoch: all that is still held is offered, and pulled afresh", async () => {
    server.epoch = "e2";
    server.head = 3;
    await run({ pull: true });
    await run({ pull: true });
    expect(server.operations.size).toBe(2);
    expect(server.photos.size).toBe(1);
    expect(await db.records.where("state").equals("accepted").count()).toBe(2);
    expect(await db.getMeta("epoch")).toBe("e2");
    expect(await db.getMeta("reoffer")).toBe(false);
  });

  test("a phone with nothing to send hears of it as it pulls, and offers all in that very run", async () => {
    server.epoch = "e2";
    await run({ pull: true });
    expect(server.operations.size).toBe(2);
    expect(server.photos.size).toBe(1);
  });

  test("a head that went back counts as one", async () => {
    server.head = 3;
    await inspect(3, 0);
    await run({ pull: true });
    expect(server.operations.size).toBe(3);
    expect(server.photos.size).toBe(1);
  });

  test("asking at the start finds what is missing, too", async () => {
    await run({ reconcile: true });
    expect(server.operations.size).toBe(2);
    expect(server.photos.size).toBe(1);
  });

  test("answers that overtake each other are no restore", async () => {
    await inspect(3, 8);
    const offered = server.count("missing");
    server.after = async (path, answer) => {
      if (path.includes("/photos/")) await new Promise((done) => setTimeout(done, Math.random() * 8));
      return answer;
    };
    await run();
    expect(server.count("missing")).toBe(offered);
  });
});
