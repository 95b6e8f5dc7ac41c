/** What the phone's screens say of cases. Pure. */
import type { TaskView } from "../../../db";
import { type CaseView, dueOf } from "../../../db/casework";
import type { Item } from "../../../rules/checklist";
import type { State } from "../../../ui/states";

export type Proof = "on_device" | "in_room" | "elsewhere" | "unknown_label";

/** Where a label is, against where the case is; the server says it again, and its word counts. */
export function proofOf(
  view: Pick<CaseView, "device" | "room">,
  found: { id: number; room_id: number } | null,
): Proof {
  if (!found) return "unknown_label";
  if (found.id === view.device?.id) return "on_device";
  return found.room_id === view.room?.id ? "in_room" : "elsewhere";
}

/** Whether what was wrong is said to be right again: the next inspection verifies it. */
export function isPutRight(view: Pick<CaseView, "state" | "doneAt">): boolean {
  return view.doneAt !== null || view.state === "solved" || view.state === "in_service";
}

/** How a case is drawn: past a clock stands out, what was put right is calm. */
export function caseState(view: CaseView, now: number): State {
  const due = dueOf(view);
  if (due && Date.parse(due) < now) return "abnormal";
  return isPutRight(view) ? "normal" : "attention";
}

/** How long before its end a clock asks for attention. */
export function soonHours(clock: string): number {
  return { response: 0.25, cause_report: 4 }[clock] ?? 24;
}

/** Something that an inspection has found, of which a fault can be declared. */
export interface Found {
  key: string;
  /** An item of the checklist; null for a finding or an open item in its own words. */
  item: Item | null;
  text: string;
  severity: number;
  openItem: number | null;
  inspection: string | null;
  itemKey: string | null;
  finding: string | null;
}

/** What a device's open items say, and what its inspection on this phone has found beside them. */
export function foundOf(view: TaskView): Found[] {
  const carried = view.openItems.map(
    ({ row, item }): Found => ({
      key: `open ${row.number}`,
      item,
      text: row.text,
      severity: row.severity,
      openItem: row.number,
      inspection: null,
      itemKey: row.item ?? null,
      finding: null,
    }),
  );
  const payload = view.record?.payload;
  if (!payload) return carried;
  const known = new Set(carried.map((one) => one.itemKey));
  const rest = { openItem: null, inspection: payload.uid };
  const readings = payload.readings
    .filter((one) => one.verdict === "abnormal" && !one.fixed && !known.has(one.item))
    .map((one): Found => {
      const item = view.checklist.items.find((other) => other.key === one.item) ?? null;
      const severity = item?.severity ?? 3;
      return { key: `item ${one.item}`, item, text: one.remark, severity, itemKey: one.item, finding: null, ...rest };
    });
  const findings = payload.findings
    .filter((one) => !one.fixed)
    .map((one): Found => {
      const { uid, text, severity } = one;
      return { key: `finding ${uid}`, item: null, text, severity, itemKey: null, finding: uid, ...rest };
    });
  return [...carried, ...readings, ...findings];
}
