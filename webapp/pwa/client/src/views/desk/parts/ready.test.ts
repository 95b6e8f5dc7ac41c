import { describe, expect, it } from "vitest";
import { countdown, mineOf, stepsOf } from "./ready";
import type { Blocker, Ready } from "./types";

const DUE = "2026-10-10T16:00:00+00:00";
const at = (text: string) => Date.parse(text);

describe("the time that is left", () => {
  it.each([
    ["2026-10-08T11:00:00Z", { over: false, days: 2, hours: 5, minutes: 0 }],
    ["2026-10-10T15:59:30Z", { over: false, days: 0, hours: 0, minutes: 0 }],
    ["2026-10-10T14:15:00Z", { over: false, days: 0, hours: 1, minutes: 45 }],
    ["2026-10-10T16:00:00Z", { over: true, days: 0, hours: 0, minutes: 0 }],
    ["2026-10-11T18:00:00Z", { over: true, days: 1, hours: 2, minutes: 0 }],
  ])("at %s", (now, left) => {
    expect(countdown(DUE, at(now))).toEqual(left);
  });
});

const row = (kind: Blocker["kind"], group: Blocker["group"], owner: number | null = null, count = 1): Blocker => ({
  kind,
  group,
  owner_id: owner,
  owner_name: "",
  owner_name_en: "",
  owner_has_left: false,
  count,
  oldest_at: null,
  path: null,
});
const month = (state: string, blockers: Blocker[], report: Ready["report"] = null) =>
  ({ round: { state }, blockers, report }) as Pick<Ready, "round" | "report" | "blockers">;

describe("the steps on the way to the report", () => {
  it("come one after the other: what is left of a later one does not count before its turn", () => {
    const steps = stepsOf(
      month("open", [row("todo", "person", 7, 12), row("peer_checks", "peers"), row("acceptance", "acceptors")]),
    );
    expect(steps.map((step) => [step.key, step.left, step.state])).toEqual([
      ["inspect", 12, "attention"],
      ["self_check", null, "todo"],
      ["peer_check", 1, "todo"],
      ["acceptance", 1, "todo"],
      ["report", 1, "todo"],
    ]);
  });

  it("are all done once the report is issued", () => {
    const report = { number: "1", issued_at: DUE, confirmed_at: null };
    expect(stepsOf(month("accepted", [], report)).every((step) => step.state === "normal")).toBe(true);
  });

  it("leave the report alone after the acceptance", () => {
    const steps = stepsOf(month("accepted", [row("report", "acceptors"), row("photos_unreviewed", "reviewers", null, 3)]));
    expect(steps.map((step) => step.state)).toEqual(["normal", "normal", "normal", "normal", "attention"]);
  });
});

describe("what is mine", () => {
  const all = [row("todo", "person", 7), row("todo", "person", 8), row("pairs", "reviewers"), row("acceptance", "acceptors")];

  it("is my own, and what my rights let me do", () => {
    expect(mineOf(all, 7, () => false)).toEqual([all[0]]);
    expect(mineOf(all, 9, (right) => right === "review")).toEqual([all[2]]);
    expect(mineOf(all, undefined, () => false)).toEqual([]);
  });
});
