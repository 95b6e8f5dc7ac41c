/** What cases, their states, steps and fields are called on the phone. */
import type { CaseClockRow } from "../../api/wire";
import type { CaseLine, CaseView } from "../../db/casework";
import { formatDate, formatDateTime, isKey, t } from "../../i18n";
import { sumText } from "../../i18n/sum";
import "../../i18n/cases";
import { personName, placeName } from "./words";

/** The text of a key that is made of a word of the server's; the word itself where there is none. */
function named(area: string, word: string): string {
  const key = `case.${area}_${word}`;
  return isKey(key) ? t(key) : word;
}

export const kindText = (kind: string): string => named("kind", kind);
export const stateText = (state: string): string => named("state", state);
export const stepText = (step: string): string => named("step", step);
export const fieldText = (field: string): string => named("field", field);
export const choiceText = (choice: string): string => named("choice", choice);
export const clockText = (clock: string): string => named("clock", clock);

export function severityText(severity: number): string {
  return t(`inspect.severity_${severity as 1 | 2 | 3 | 4}`);
}

/** `F12`, or that it has no number yet. */
export function caseName(view: Pick<CaseView, "name">): string {
  return view.name ?? t("mycase.unnumbered");
}

export function casePlace(view: Pick<CaseView, "device" | "room" | "building">): string {
  return [view.device?.name, placeName(view.room, view.building)].filter(Boolean).join(" · ") || t("mycase.no_place");
}

/** What was given with a step, as words. */
export function givenText(field: string, value: unknown): string {
  const text = String(value);
  if (field === "total" || field === "cost") return sumText(text);
  if (field === "severity") return severityText(Number(value));
  if (field.endsWith("_at")) return formatDateTime(text);
  if (field.endsWith("_on") || field === "warranty_until") return formatDate(text);
  return choiceText(text);
}

export function authorText(line: CaseLine): string {
  return personName(line.author) || line.authorName;
}

/** When a clock is over: a term in days ends with its day, and not at the midnight after it. */
export function dueText(clock: CaseClockRow): string {
  if (clock.due_on) return formatDate(clock.due_on);
  return clock.due_at ? formatDateTime(clock.due_at) : "";
}

/** Why something was not applied. */
export function stoppedText(code: string): string {
  const key = `mycase.code_${code}`;
  return isKey(key) ? t(key) : t("mycase.code_other");
}
