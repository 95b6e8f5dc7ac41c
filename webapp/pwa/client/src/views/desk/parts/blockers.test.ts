import { describe, expect, it } from "vitest";
import { blockerGroups, blockerIcons } from "./blockers";
import type { Blocker, BlockerKind } from "./types";

const ownerless: Partial<Record<BlockerKind, Blocker["group"]>> = {
  todo: "unassigned",
  photos_unreviewed: "reviewers",
  peer_checks: "peers",
  acceptance: "acceptors",
};
const blocker = (kind: BlockerKind, owner: number | null, count: number): Blocker => ({
  kind,
  group: owner ? "person" : (ownerless[kind] ?? "reviewers"),
  owner_id: owner,
  owner_name: owner ? `工程师${owner}` : "",
  owner_name_en: "",
  owner_has_left: false,
  count,
  oldest_at: null,
  path: null,
});

describe("what blocks the report", () => {
  it("puts the supervisors first, then rooms without an engineer, then who has most to do, who accepts last", () => {
    const groups = blockerGroups([
      blocker("todo", 7, 3),
      blocker("todo", null, 9),
      blocker("photos_unreviewed", null, 1),
      blocker("unsent", 8, 20),
      blocker("unsent", 7, 1),
      blocker("peer_checks", null, 2),
      blocker("acceptance", null, 1),
    ]);
    expect(groups.map((group) => group.key)).toEqual(["reviewers", "unassigned", "8", "7", "peers", "acceptors"]);
    expect(groups[3].blockers.map((row) => row.kind)).toEqual(["todo", "unsent"]);
    expect(groups[3].count).toBe(4);
  });

  it("has nothing to say when nothing blocks", () => {
    expect(blockerGroups([])).toEqual([]);
  });

  it("draws each kind with an icon", () => {
    expect(Object.keys(blockerIcons)).toHaveLength(14);
  });
});
