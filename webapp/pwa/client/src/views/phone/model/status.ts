/** What the status line says of the engine and the records. Pure. */
import type { RecordLine, SyncSummary } from "../../../db";
import type { Key } from "../../../i18n";

/**
 * The least that holds for everything on this phone. After the browser cleared it nothing is
 * claimed as sent, until the user has read so: what was lost leaves no trace to count.
 */
export function stageOf(summary: SyncSummary): "saved" | "sent" | "accepted" {
  const { unsent, counts, evictedAt } = summary;
  if (evictedAt) return "saved";
  if (unsent.records > 0 || counts.saved > 0) return "saved";
  return unsent.photos > 0 || counts.sent + heldOf(summary) > 0 ? "sent" : "accepted";
}

/** Records that came, and that the server has put before a supervisor. */
function heldOf({ counts }: SyncSummary): number {
  return counts.quarantined + counts.conflict;
}

/** What stands in the way and needs somebody, shortly; null while all goes its way. */
export function problemOf(summary: SyncSummary): Key | null {
  const { engine, counts, evictedAt } = summary;
  if (engine.paused === "sign_in") return "sync.short_sign_in";
  if (engine.paused === "no_access") return "sync.short_no_access";
  if (engine.paused === "other_user") return "sync.short_other_user";
  if (evictedAt) return "sync.evicted_title";
  if (counts.incomplete > 0) return "sync.short_incomplete";
  if (heldOf(summary) > 0) return "sync.short_held";
  return engine.stuck ? "sync.short_stuck" : null;
}

/** A record that somebody must look at: it will not come right by waiting. */
export function needsLook(line: RecordLine): boolean {
  const { state } = line.record;
  const stopped = state === "incomplete" || state === "quarantined" || state === "conflict";
  const broken = ["damaged", "gone", "refused"];
  return stopped || line.refused || line.photos.some((photo) => broken.includes(photo.state));
}
