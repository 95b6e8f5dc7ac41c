/** What the story of a change tells of the asset register. */
import type { CaseEvent } from "./types";

/** The step that says that nothing is to change; it stands with the register, not among the others. */
export const KEEP_REGISTER = "keep_register";

/** The states of a change in which the register is changed out of it. */
export const OPEN_IN: readonly string[] = ["planned", "executed", "accepted"];

const DONE = ["added", "changed", "moved", "retired", "restored"] as const;

export interface RegisterLine {
  id: number;
  what: (typeof DONE)[number];
  device: string;
  deviceId: number;
  author: string;
  author_en: string;
}

/** The lines that name a device of the register, the oldest first. */
export function registerLines(timeline: readonly CaseEvent[]): RegisterLine[] {
  return timeline.flatMap(({ id, step, given, author, author_en }) => {
    const what = DONE.find((one) => step === `device_${one}`);
    return what ? [{ id, what, device: String(given.device), deviceId: Number(given.device_id), author, author_en }] : [];
  });
}
