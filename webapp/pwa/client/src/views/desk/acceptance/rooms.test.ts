import { describe, expect, it } from "vitest";
import { isOf, isShown, leftOf, markOf, nextAfter, shortHash, SHOWS, signable, waitsForMyCheck } from "./rooms";
import type { AcceptanceRoom, SampleTask, SignOff } from "./types";

const signed = { uid: "s", level: "self_check" } as SignOff;
const peer = { uid: "p", level: "peer_check" } as SignOff;
const free = { self_check: "", peer_check: "", recheck: "" } as const;

function room(more: Partial<AcceptanceRoom>): AcceptanceRoom {
  const why_not = { self_check: "todo", peer_check: "todo", recheck: "own_work" } as const;
  return { id: 1, self_check: null, peer_check: null, voided: [], todo: 0, total: 4, why_not, ...more } as AcceptanceRoom;
}

describe("rooms of a round", () => {
  it("wait for a colleague once their engineer has signed, and for nobody after him", () => {
    expect(waitsForMyCheck(room({ self_check: signed, why_not: { ...free, self_check: "signed" } }))).toBe(true);
    expect(waitsForMyCheck(room({ why_not: free }))).toBe(false);
    expect(waitsForMyCheck(room({ self_check: signed }))).toBe(false);
    expect(waitsForMyCheck(room({ self_check: signed, peer_check: peer, why_not: free }))).toBe(false);
  });

  it("are shown by what is asked for", () => {
    const both = room({ self_check: signed, peer_check: peer });
    expect(SHOWS.filter((show) => isShown(both, show))).toEqual(["all"]);
    expect(SHOWS.filter((show) => isShown(room({ voided: [signed] }), show))).toEqual(["all", "self_check", "voided"]);
    expect(SHOWS.filter((show) => isShown(room({ todo: 2 }), show))).toEqual(["all"]);
    expect(SHOWS.filter((show) => isShown(room({ why_not: free }), show))).toEqual(["all", "mine_self", "self_check"]);
    expect(SHOWS.filter((show) => isShown(room({ self_check: signed }), show))).toEqual(["all", "peer_check"]);
  });

  it("belong to who has them, or else to who inspected them", () => {
    expect(isOf({ assignee_ids: [3], author_ids: [4] }, 3)).toBe(true);
    expect(isOf({ assignee_ids: [3], author_ids: [4] }, 4)).toBe(false);
    expect(isOf({ assignee_ids: [], author_ids: [4] }, 4)).toBe(true);
    expect(isOf({ assignee_ids: [], author_ids: [] }, 0)).toBe(true);
  });

  it("show a mark for each level: signed, voided or waiting", () => {
    expect(markOf(room({ self_check: signed }), "self_check")).toEqual({ state: "normal", signOff: signed });
    expect(markOf(room({ voided: [signed] }), "self_check")).toEqual({ state: "attention", signOff: signed });
    expect(markOf(room({ voided: [signed] }), "peer_check")).toEqual({ state: "todo", signOff: null });
  });

  it("are signed together where nothing stands against it", () => {
    const rooms = [room({ id: 1, why_not: free }), room({ id: 2 }), room({ id: 3, why_not: free })];
    expect(signable(rooms, "peer_check")).toEqual([1, 3]);
  });
});

describe("what is looked at again", () => {
  const task = (id: number, checked: SampleTask["checked"], why: SampleTask["why"] = ["drawn"]) =>
    ({ id, checked, why }) as SampleTask;

  it("is what is in the sample and not confirmed", () => {
    expect(leftOf([task(1, "confirmed"), task(2, ""), task(3, "returned"), task(4, "", [])]).map((one) => one.id)).toEqual([
      2, 3,
    ]);
  });

  it("goes on with the next that nobody has looked at, from the top again", () => {
    const tasks = [task(1, ""), task(2, "confirmed"), task(3, ""), task(4, "returned")];
    expect(nextAfter(tasks, 1)?.id).toBe(3);
    expect(nextAfter(tasks, 3)?.id).toBe(1);
    expect(nextAfter([task(1, "confirmed")], 1)).toBeNull();
  });
});

it("a hash is compared by its first eight signs", () => {
  expect(shortHash("0123456789abcdef")).toBe("01234567");
});
