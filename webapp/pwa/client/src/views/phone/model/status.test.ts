import { expect, it } from "vitest";
import type { RecordLine, SyncSummary } from "../../../db";
import { needsLook, problemOf, stageOf } from "./status";

const counts = { saved: 0, sent: 0, accepted: 3, incomplete: 0, quarantined: 0, conflict: 0 };
const unsent = { records: 0, photos: 0, lost: 0, scans: 0, drafts: 0 };
function summary(
  change: { unsent?: object; counts?: object; engine?: object; evictedAt?: string } = {},
): SyncSummary {
  return {
    unsent: { ...unsent, ...change.unsent },
    counts: { ...counts, ...change.counts },
    engine: { paused: null, stuck: false, ...change.engine },
    evictedAt: change.evictedAt ?? null,
  } as unknown as SyncSummary;
}

it("says the least that holds for everything on the phone", () => {
  expect(stageOf(summary())).toBe("accepted");
  expect(stageOf(summary({ unsent: { photos: 2 } }))).toBe("sent");
  expect(stageOf(summary({ counts: { sent: 1 } }))).toBe("sent");
  expect(stageOf(summary({ counts: { quarantined: 1 } }))).toBe("sent");
  expect(stageOf(summary({ unsent: { records: 1, photos: 2 } }))).toBe("saved");
});

it("claims nothing as sent on a phone that the browser has cleared, until that was read", () => {
  const cleared = summary({ evictedAt: "2026-01-05T02:00:00Z" });
  expect(stageOf(cleared)).toBe("saved");
  expect(problemOf(cleared)).toBe("sync.evicted_title");
});

it("tells what needs somebody, and is silent while all goes its way", () => {
  expect(problemOf(summary())).toBeNull();
  expect(problemOf(summary({ engine: { paused: "sign_in" } }))).toBe("sync.short_sign_in");
  expect(problemOf(summary({ engine: { paused: "no_access" } }))).toBe("sync.short_no_access");
  expect(problemOf(summary({ engine: { paused: "other_user" } }))).toBe("sync.short_other_user");
  expect(problemOf(summary({ counts: { incomplete: 1 } }))).toBe("sync.short_incomplete");
  expect(problemOf(summary({ counts: { quarantined: 1 } }))).toBe("sync.short_held");
  expect(problemOf(summary({ counts: { conflict: 1 } }))).toBe("sync.short_held");
  expect(problemOf(summary({ engine: { stuck: true } }))).toBe("sync.short_stuck");
});

it("picks out the records that will not come right by waiting", () => {
  const line = (state: string, photo = "sent", refused = false) =>
    ({ record: { state }, photos: [{ state: photo }], refused }) as unknown as RecordLine;
  expect(needsLook(line("saved", "waiting"))).toBe(false);
  expect(needsLook(line("accepted"))).toBe(false);
  expect(needsLook(line("incomplete", "gone"))).toBe(true);
  expect(needsLook(line("quarantined"))).toBe(true);
  expect(needsLook(line("sent", "refused"))).toBe(true);
  expect(needsLook(line("saved", "waiting", true))).toBe(true);
});
