/** What a read label means where the engineer stands. Pure. */
import type { ScanResult } from "../../../api/wire";
import type { Resolved } from "../../../db";

/** As the screen tells it apart; `other` is a code that is no label of ours at all. */
export type Meaning =
  | "expected"
  | "done"
  | "unexpected"
  | "not_in_round"
  | "revoked"
  | "foreign"
  | "other";

/** @param roomId the room that is being gone through; null when none is */
export function meaningOf(resolved: Resolved, roomId: number | null): Meaning {
  if (resolved.kind === "foreign") return "other";
  if (resolved.kind === "revoked") return "revoked";
  if (resolved.kind !== "device") return "foreign";
  if (!resolved.task) return "not_in_round";
  if (roomId !== null && resolved.device.room_id !== roomId) return "unexpected";
  return resolved.outcome === "todo" ? "expected" : "done";
}

/** As the server logs it; a code that is no label is not logged. */
export function loggedAs(meaning: Meaning): ScanResult | null {
  if (meaning === "other") return null;
  return meaning === "not_in_round" ? "unexpected" : meaning;
}
