/** What the status line says of the engine and the records. Pure. */
import type { SyncSummary } from "../../../db";
import type { Key } from "../../../i18n";

/** The least that holds for everything on this phone. */
export function stageOf(summary: SyncSummary): "saved" | "sent" | "accepted" {
  const { unsent, counts } = summary;
  if (unsent.records > 0 || counts.saved > 0) return "saved";
  return unsent.photos > 0 || counts.sent > 0 ? "sent" : "accepted";
}

/** What stands in the way and needs somebody, shortly; null while all goes its way. */
export function problemOf(summary: SyncSummary): Key | null {
  const { engine, counts } = summary;
  if (engine.paused === "sign_in") return "sync.short_sign_in";
  if (engine.paused === "no_access") return "sync.short_no_access";
  if (engine.paused === "other_user") return "sync.short_other_user";
  if (counts.incomplete > 0) return "sync.short_incomplete";
  return engine.stuck ? "sync.short_stuck" : null;
}
