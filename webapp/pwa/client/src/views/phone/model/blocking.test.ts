import { describe, expect, it } from "vitest";
import { blocking, type Known } from "./blocking";

const known = (fields: Partial<Known>): Known => ({
  todo: 0,
  revisits: [],
  unsent: { records: 0, photos: 0 },
  returned: [],
  dueOn: "2026-10-10",
  today: "2026-10-07",
  ...fields,
});

describe("what of mine blocks the report", () => {
  it("is nothing when all is done", () => {
    expect(blocking(known({}))).toEqual([]);
  });

  it("tells each kind with its count", () => {
    const shown = blocking(
      known({
        todo: 12,
        revisits: [{ on: "2026-10-09", count: 5 }],
        unsent: { records: 3, photos: 4 },
        returned: [{ kind: "photo" }, { kind: "answer" }, { kind: "answer" }],
      }),
    );
    expect(shown.map(({ kind, count }) => [kind, count])).toEqual([
      ["todo", 12],
      ["revisits", 5],
      ["unsent", 7],
      ["photos_returned", 1],
      ["answers_returned", 2],
    ]);
  });

  it.each([
    ["2026-10-10", "2026-10-07", true],
    ["2026-10-11", "2026-10-07", false],
    ["2026-10-11", "2026-10-12", true],
    ["2026-10-13", "2026-10-12", false],
  ])("a second visit on %s, seen on %s", (on, today, counts) => {
    expect(blocking(known({ revisits: [{ on, count: 1 }], today })).length > 0).toBe(counts);
  });
});
