/** Why an operation could not be applied, and how its state is drawn. */
import { isKey, t } from "../../../i18n";
import type { State } from "../../../ui/states";

/** The reason in words: the quarantine's own, else the server's error of that code, else the code. */
export function whyText(code: string): string {
  for (const key of [`quarantine.code_${code}`, `error.${code}`]) if (isKey(key)) return t(key);
  return code;
}

export function heldState(state: string): State {
  if (state === "applied") return "normal";
  return state === "dismissed" ? "not_tested" : "attention";
}

/** A payload's text with its structure in sight; as it is where it is no JSON. */
export function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** What is wrong with the text as JSON, by the browser's words; `null` when nothing is. */
export function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What kind of operation it is. */
export function kindText(kind: string): string {
  const key = `quarantine.kind_${kind}`;
  return isKey(key) ? t(key) : t("quarantine.kind_unknown");
}
