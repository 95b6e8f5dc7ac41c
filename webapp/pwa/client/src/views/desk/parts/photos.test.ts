import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addTexts } from "../../../i18n";
import en from "../../../i18n/en/desk";
import zh from "../../../i18n/zh/desk";
import { settings } from "../../../stores/settings.svelte";
import { toasts } from "../../../stores/toast.svelte";
import { ACCEPTED, isPlain, PhotoFeed, type Seen } from "./photos.svelte";
import { PhotoSelection } from "./photoSelection.svelte";
import type { Photo } from "./types";

const fetched = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200, type = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
const photo = (number: number, more: Partial<Photo> = {}) =>
  ({ uid: `photo-${number}`, review: "none", review_remark: "", review_marks: [], reviewed_at: null, ...more }) as Photo;
const PHOTOS = Array.from({ length: 250 }, (_, number) => photo(number));

/** What the server says to the words that it is sent. */
let answer: (reviews: { uid: string; seen_at: string | null }[]) => { uid: string; result: string; shown: object | null }[];
let sent: { uid: string; state: string; seen_at: string | null }[][];

beforeEach(() => {
  addTexts(zh, en);
  settings.language = "zh";
  sent = [];
  answer = (reviews) => reviews.map(({ uid }) => ({ uid, result: "done", shown: { uid, review: "accepted", reviewed_at: "now" } }));
  vi.stubGlobal("fetch", fetched);
  fetched.mockImplementation(async (url, init) => {
    if (init?.method === "POST") {
      const { reviews } = JSON.parse(String(init.body));
      sent.push(reviews);
      return json({ results: answer(reviews) });
    }
    const query = new URL(String(url), "http://localhost").searchParams;
    const size = Number(query.get("page_size"));
    const from = (Number(query.get("page")) - 1) * size;
    return json({ items: PHOTOS.slice(from, from + size), total: PHOTOS.length, head: 7, listed_at: "" });
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  toasts.list.forEach(({ id }) => toasts.close(id));
});

async function asked(): Promise<PhotoFeed> {
  const feed = new PhotoFeed();
  await feed.ask({});
  return feed;
}
const seen = (photos: Photo[]): Seen[] => photos.map((one) => ({ photo: one, at: one.reviewed_at }));

describe("the photos of a filter", () => {
  it("are read a page at a time, and found wherever they stand", async () => {
    const feed = await asked();
    expect([feed.total, feed.at(99)?.uid, feed.at(100)]).toEqual([250, "photo-99", undefined]);
    expect(await feed.indexOf("photo-207")).toBe(207);
    expect(await feed.indexOf("photo-of-another-month")).toBe(-1);
    expect(await feed.between(120, 80)).toHaveLength(41);
    expect(fetched).toHaveBeenCalledTimes(3);
  });
});

describe("a word on many", () => {
  it("goes out in as few requests as may be, and shows as soon as it is taken", async () => {
    const feed = await asked();
    const many = Array.from({ length: 620 }, (_, number) => photo(number));
    await feed.sayMany(ACCEPTED, seen(many));
    expect(sent.map((reviews) => reviews.length)).toEqual([500, 120]);
    expect(feed.at(3)?.review).toBe("accepted");
  });

  it("tells apart what stands, what a colleague settled, and what can't be changed", async () => {
    const results = ["done", "unchanged", "photo_reviewed", "round_not_open"];
    answer = (reviews) => reviews.map(({ uid }, number) => ({ uid, result: results[number], shown: null }));
    const feed = await asked();
    await feed.sayMany(ACCEPTED, seen(PHOTOS.slice(0, 4)));
    expect(toasts.list[0].text).toBe("已通过 2 张 · 1 张同事已处理，没有改动 · 1 张不能改：巡检不在进行中");
  });

  it("is taken back for those alone that it changed, to what they were", async () => {
    const returned = photo(1, { review: "returned", review_remark: "太暗", reviewed_at: "before" });
    answer = (reviews) =>
      reviews.map(({ uid }, number) => ({
        uid,
        result: number === 0 ? "photo_reviewed" : "done",
        shown: { uid, review: "accepted", reviewed_at: "now" },
      }));
    const feed = await asked();
    await feed.sayMany(ACCEPTED, seen([photo(0), returned]));
    toasts.act(toasts.list[0].id);
    expect(sent[1]).toEqual([{ uid: "photo-1", state: "returned", remark: "太暗", marks: [], seen_at: "now" }]);
  });

  it("that is lost on the way is told, and nothing changes", async () => {
    const feed = await asked();
    fetched.mockRejectedValue(new TypeError("Failed to fetch"));
    await feed.sayMany(ACCEPTED, seen(PHOTOS.slice(0, 2)));
    expect(toasts.list.map((toast) => toast.tone)).toEqual(["bad"]);
    expect(feed.at(0)?.review).toBe("none");
  });
});

describe("what is chosen", () => {
  it("keeps the review that was seen when it was chosen", async () => {
    const feed = await asked();
    const chosen = new PhotoSelection();
    chosen.toggle(feed.at(3), 3);
    await feed.say(ACCEPTED, { photo: PHOTOS[3], at: null }).catch(() => null);
    await chosen.extend(feed, 5);
    expect(chosen.all.map((one) => [one.photo.uid, one.at])).toEqual([
      ["photo-3", null],
      ["photo-4", null],
      ["photo-5", null],
    ]);
    chosen.toggle(feed.at(4), 4);
    expect([chosen.has(PHOTOS[4]), chosen.count]).toEqual([false, 2]);
  });
});

describe("what is accepted with all that is normal", () => {
  const plain = { verdict: "normal", reading: null, bulk_seconds: null, reused_of: null, unreadable: false, flags: [] };
  it.each<[string, object, boolean]>([
    ["a normal device", {}, true],
    ["an abnormal reading of a normal device", { reading: { verdict: "abnormal" } }, false],
    ["an old photo", { reused_of: "photo-1" }, false],
    ["a picture that can't be shown", { unreadable: true }, false],
    ["a spot check that nobody looked at", { flags: ["spot_check_missing"] }, false],
  ])("%s", (_name, more, taken) => {
    expect(isPlain(photo(1, { ...plain, ...more } as Partial<Photo>))).toBe(taken);
  });
});
