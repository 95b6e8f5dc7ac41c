/** The states of a device, a room or a reading: each has its own colour, shape and word. */
import type { Key } from "../i18n";

export type State = "normal" | "abnormal" | "attention" | "not_tested" | "todo";

export const stateKeys: Record<State, Key> = {
  normal: "state.normal",
  abnormal: "state.abnormal",
  attention: "state.attention",
  not_tested: "state.not_tested",
  todo: "state.todo",
};
