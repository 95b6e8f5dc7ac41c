/** What the states and the reasons of a mail are called. */
import { isKey, t } from "../../../i18n";
import type { State } from "../../../ui/states";

export function reasonText(reason: string): string {
  const key = `mails.reason_${reason}`;
  return isKey(key) ? t(key) : "";
}

export function mailState(state: string): State {
  return state === "waiting" ? "attention" : state === "taken" ? "normal" : "not_tested";
}
