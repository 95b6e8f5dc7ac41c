import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test } from "vitest";
import { saveDraft } from "../db/drafts";
import { amendInspection, finishInspection } from "../db/finish";
import { keepPhoto } from "../db/photos";
import { somePhoto } from "../db/testing";
import { unsentCount } from "../db/unsent";
import { json, problem } from "./testing";
import { begin, db, inspect, photosOf, record, run, server, WHOLE } from "./testing-phone";

beforeEach(begin);

describe("each photo", () => {
  test("stored bytes that are not what was taken are never sent, and never called sent", async () => {
    const uid = await inspect(1, 2);
    const [bad] = await photosOf(uid);
    const stored = (await db.blobs.get(bad!.id))!;
    await db.blobs.put({ ...stored, buf: new Uint8Array(stored.buf.byteLength).buffer });
    await run();
    expect((await photosOf(uid)).map((photo) => photo.state)).toEqual(["damaged", "sent"]);
    expect((await record(uid)).state).toBe("incomplete");
    expect(server.photos.has(bad!.id)).toBe(false);
    expect(await unsentCount(db)).toMatchObject({ photos: 0, lost: 1 });
    await run({ reconcile: true });
    expect((await record(uid)).state).toBe("incomplete");
  });

  test("a listed photo whose bytes are gone keeps its inspection incomplete", async () => {
    const uid = await inspect(1, 1);
    await db.blobs.clear();
    await run();
    expect((await photosOf(uid))[0]!.state).toBe("gone");
    expect((await record(uid)).state).toBe("incomplete");
  });

  test("an inspection is whole again once a lost photo is taken anew", async () => {
    const uid = await inspect(1, 1);
    await db.blobs.clear();
    await run();
    expect((await record(uid)).state).toBe("incomplete");
    const draft = await amendInspection(db, uid);
    await db.drafts.put({ ...draft, photo_ids: [] });
    await keepPhoto(db, 1, WHOLE, somePhoto(77));
    await finishInspection(db, 1);
    await run();
    expect((await record(uid)).state).toBe("accepted");
    expect(await unsentCount(db)).toMatchObject({ photos: 0, lost: 0 });
  });

  test("the same picture twice in one record is two photos", async () => {
    await saveDraft(db, 1, { answers: { power: { value: "pass" } } });
    await keepPhoto(db, 1, WHOLE, somePhoto(5));
    await keepPhoto(db, 1, WHOLE, somePhoto(5));
    const { uid } = await finishInspection(db, 1);
    await run();
    expect(server.photos.size).toBe(2);
    expect((await record(uid)).state).toBe("accepted");
  });

  test("one that the server can't read is refused, the others go", async () => {
    const uid = await inspect(1, 3);
    const [first] = await photosOf(uid);
    server.before = (path) => (path.endsWith(first!.id) ? problem(422, "photo_unreadable") : null);
    await run();
    expect((await photosOf(uid)).map((photo) => photo.state)).toEqual(["refused", "sent", "sent"]);
    expect((await record(uid)).state).toBe("sent");
  });

  test("damage on the way is tried again, then told", async () => {
    const uid = await inspect(1, 1);
    server.before = (path) => (path.includes("/photos/") ? problem(422, "digest_mismatch") : null);
    for (let n = 0; n < 3; n++) {
      await db.photos.toCollection().modify({ next_try_at: 0 });
      await run();
    }
    expect((await photosOf(uid))[0]).toMatchObject({ state: "refused", code: "digest_mismatch" });
  });

  test("no more than four at once", async () => {
    await inspect(1, 12);
    let now = 0;
    let most = 0;
    server.before = async (path) => {
      if (!path.includes("/photos")) return null;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
      return null;
    };
    await run();
    expect(most).toBe(4);
    expect(server.photos.size).toBe(12);
  });

  test("one that an amendment left out is not sent", async () => {
    const uid = await inspect(1, 1);
    const draft = await amendInspection(db, uid);
    await db.drafts.put({ ...draft, photo_ids: [] });
    await finishInspection(db, 1);
    await run();
    expect(server.photos.size).toBe(0);
    expect(await record(uid)).toMatchObject({ state: "accepted", revision: 2 });
  });
});

describe("many photos", () => {
  /** How many photos each body has carried. */
  let bodies: number[];

  beforeEach(() => {
    bodies = [];
    server.before = (path, init) => {
      if (init.method === "PUT") bodies.push(path.includes("?ids=") ? path.split(",").length : 1);
      return null;
    };
  });

  test("go several in a body while answers come quickly, byte for byte", async () => {
    const uid = await inspect(1, 60);
    expect(await run()).toMatchObject({ ok: true, acknowledged: 61 });
    expect(bodies.slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(Math.max(...bodies)).toBe(8);
    expect(bodies.reduce((all, one) => all + one)).toBe(60);
    for (const photo of await photosOf(uid)) {
      const held = (await db.blobs.get(photo.id))!.buf;
      expect(Buffer.from(server.photos.get(photo.id)!).equals(Buffer.from(held))).toBe(true);
    }
    expect((await record(uid)).state).toBe("accepted");
    expect(await unsentCount(db)).toMatchObject({ photos: 0, lost: 0 });
  });

  test("go one by one where the network is slow", async () => {
    await inspect(1, 12);
    const note = server.before;
    server.before = async (path, init) => {
      const cut = await note(path, init);
      if (init.method === "PUT") await new Promise((resolve) => setTimeout(resolve, 600));
      return cut;
    };
    await run();
    expect(bodies).toEqual(Array.from({ length: 12 }, () => 1));
    expect(server.photos.size).toBe(12);
  });

  test("go one by one once a body was refused; the one that it was about is told, all others arrive", async () => {
    const uid = await inspect(1, 40);
    const bad = (await photosOf(uid))[30]!;
    const note = server.before;
    server.before = async (path, init) => {
      await note(path, init);
      return path.includes(bad.id) ? problem(422, "photo_unreadable") : null;
    };
    await run();
    expect(server.photos.size).toBe(39);
    expect((await photosOf(uid)).filter((photo) => photo.state !== "sent")).toEqual([
      expect.objectContaining({ id: bad.id, state: "refused", code: "photo_unreadable" }),
    ]);
    const refused = server.requests.lastIndexOf(`PUT ${path(bad.id)}`);
    expect(server.requests.slice(refused).some((request) => request.endsWith("/photos"))).toBe(false);
  });

  test("of a body that breaks off none is called sent, and the next run finds those that came whole", async () => {
    const uid = await inspect(1, 20);
    server.after = (path, answer) => {
      if (!path.includes("?ids=")) return answer;
      throw new TypeError("the network is gone");
    };
    expect((await run()).ok).toBe(false);
    expect((await photosOf(uid)).filter((photo) => photo.state === "sent").length).toBeLessThan(10);
    server.after = (_, answer) => answer;
    await run();
    expect(server.photos.size).toBe(20);
    expect((await record(uid)).state).toBe("accepted");
  });

  test.each([
    ["one is left out", (photos: object[]) => photos.slice(1)],
    ["one has another digest", (photos: object[]) => [{ ...photos[0], sha256: "f".repeat(64) }, ...photos.slice(1)]],
    ["they come in another order", (photos: object[]) => [...photos].reverse()],
    ["it is no list", () => null as unknown as object[]],
  ])("an answer in which %s acknowledges none of its photos", async (_, lie) => {
    const uid = await inspect(1, 12);
    server.after = async (path, answer) => {
      if (!path.includes("?ids=")) return answer;
      const told = (await answer.json()) as { photos: object[] };
      return json({ ...told, photos: lie(told.photos) });
    };
    expect((await run()).ok).toBe(false);
    const alone = server.requests.filter((request) => request.includes("PUT") && !request.endsWith("/photos"));
    expect((await photosOf(uid)).filter((photo) => photo.state === "sent")).toHaveLength(alone.length);
  });

  test("a server that knows no such body is given them one by one", async () => {
    await inspect(1, 20);
    const note = server.before;
    server.before = async (path, init) => {
      await note(path, init);
      return path.includes("?ids=") ? problem(404, "not_found") : null;
    };
    expect(await run()).toMatchObject({ ok: true });
    expect(server.photos.size).toBe(20);
  });

  test("large ones share no body with others", async () => {
    await inspect(1, 12);
    await db.photos.toCollection().modify({ bytes: 2_000_000 });
    await run();
    expect(bodies.every((many) => many === 1)).toBe(true);
  });

  test("one whose bytes were damaged on the phone is left out of the body", async () => {
    const uid = await inspect(1, 20);
    const bad = (await photosOf(uid))[15]!;
    const stored = (await db.blobs.get(bad.id))!;
    await db.blobs.put({ ...stored, buf: new Uint8Array(stored.buf.byteLength).buffer });
    await run();
    expect(server.photos.size).toBe(19);
    expect((await photosOf(uid))[15]!.state).toBe("damaged");
    expect((await record(uid)).state).toBe("incomplete");
  });

  const path = (id: string) => `/api/contracts/${encodeURIComponent(db.contractCode)}/photos/${id}`;
});
