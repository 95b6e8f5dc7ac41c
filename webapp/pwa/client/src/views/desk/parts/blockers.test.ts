import { describe, expect, it } from "vitest";
import { blockerGroups } from "./blockers";
import type { Blocker, BlockerKind } from "./types";

const blocker = (kind: BlockerKind, owner: number | null, count: number): Blocker => ({
  kind,
  owner_id: owner,
  owner_name: owner ? `工程师${owner}` : "",
  owner_name_en: "",
  count,
});

describe("what blocks the report", () => {
  it("puts the supervisors first, then rooms without an engineer, then who has most to do", () => {
    const groups = blockerGroups([
      blocker("todo", 7, 3),
      blocker("todo", null, 9),
      blocker("photos_unreviewed", null, 1),
      blocker("unsent", 8, 20),
      blocker("unsent", 7, 1),
    ]);
    expect(groups.map((group) => group.key)).toEqual(["supervisors", "nobody", "8", "7"]);
    expect(groups[3].blockers.map((row) => row.kind)).toEqual(["todo", "unsent"]);
  });

  it("has nothing to say when nothing blocks", () => {
    expect(blockerGroups([])).toEqual([]);
  });
});
