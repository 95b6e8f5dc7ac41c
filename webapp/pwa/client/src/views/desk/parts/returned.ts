/** What was sent back: its names, and what a supervisor does with it. */
import { api } from "../../../api/client";
import { errorText, pickName, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { toasts } from "../../../stores/toast.svelte";
import type { State } from "../../../ui/states";
import type { Change, InspectionDetail, Returned, ReturnedWhole } from "./types";
import { waiting } from "./waiting.svelte";

export type Step = "close" | "withdraw" | "reopen";

export const returnedStates: Record<Returned["state"], State> = {
  answered: "attention",
  open: "todo",
  closed: "normal",
  withdrawn: "not_tested",
};

/** The item, the photo's item, or that the whole of it was sent back. */
export function returnedItem(row: Pick<Returned, "kind" | "item" | "item_zh" | "item_en">): string {
  const name = pickName(row.item_zh, row.item_en) || row.item;
  return name || t(row.kind === "photo" ? "returns.whole_photo" : "returns.whole");
}

/** Whether a change is of the item that was sent back; every one is of the whole inspection. */
export function isOfItem(change: Pick<Change, "field">, item: string | null): boolean {
  return item === null || change.field.split(".")[1] === item;
}

/** What an inspection's revisions after `revision` changed of the item, from the first value to the last. */
export function changesSince(
  inspection: Pick<InspectionDetail, "revisions">,
  revision: number,
  item: string | null,
): Change[] {
  const merged = new Map<string, Change>();
  for (const one of inspection.revisions) {
    if (one.number <= revision) continue;
    for (const change of one.changes) {
      if (!isOfItem(change, item)) continue;
      const before = merged.has(change.field) ? merged.get(change.field)!.before : change.before;
      merged.set(change.field, { ...change, before });
    }
  }
  return [...merged.values()].filter((change) => change.before !== change.after);
}

/** Sends an answer back, or with null the whole inspection. @throws ApiError */
export async function sendBack(inspectionId: number, item: string | null, remark: string): Promise<ReturnedWhole> {
  const body = { item, remark };
  const whole = await api.post<ReturnedWhole>(session.path(`inspections/${inspectionId}/returns`), body);
  void waiting.refresh();
  return whole;
}

/**
 * Lets a photo that was left out, with nothing in its place, wait for nobody any more. Its review is
 * taken back, as nothing of it is shown; undone, it is as it was.
 */
export async function closePhoto(one: ReturnedWhole, onchange: (whole: ReturnedWhole) => void): Promise<void> {
  const uid = one.photo_uid!;
  const again = { uid, state: "returned", remark: one.remark, marks: one.marks };
  if (!(await review({ uid, state: "none", seen_at: one.returned_at }))) return;
  onchange({ ...one, state: "closed" });
  void waiting.refresh();
  toasts.show(t("returns.did_close"), {
    tone: "good",
    action: { label: t("action.undo"), run: () => void review(again).then((done) => done && onchange(one)) },
  });
}

/** Says a word on a photo; whether it counts. What stands in its way is told. */
async function review(word: object): Promise<boolean> {
  try {
    const { results } = await api.post<{ results: { result: string }[] }>(session.path("photos/review"), { reviews: [word] });
    const [{ result }] = results;
    if (result === "done" || result === "unchanged") return true;
    toasts.show(errorText({ code: result }), { tone: "bad" });
  } catch (failure) {
    toasts.show(errorText(failure), { tone: "bad" });
  }
  return false;
}

/** Puts what is wrong in other words. @throws ApiError */
export function changeWords(returnedId: number, remark: string): Promise<ReturnedWhole> {
  return api.patch<ReturnedWhole>(session.path(`returned-answers/${returnedId}`), { remark });
}

/** Does a step and offers to take it back; a refusal is told, and what is there now is read again. */
export async function act(
  row: Pick<Returned, "returned_id" | "state">,
  step: Step,
  onchange: (whole: ReturnedWhole | null) => void,
): Promise<void> {
  const path = session.path(`returned-answers/${row.returned_id}/${step}`);
  try {
    const whole = await api.post<ReturnedWhole>(path);
    onchange(whole);
    void waiting.refresh();
    const back: Step = step !== "reopen" ? "reopen" : row.state === "closed" ? "close" : "withdraw";
    toasts.show(t(`returns.did_${step}`), {
      tone: "good",
      action: { label: t("action.undo"), run: () => void act(whole, back, onchange) },
    });
  } catch (failure) {
    toasts.show(errorText(failure), { tone: "bad" });
    onchange(null);
  }
}
