/** What the kinds, states, steps and fields of a case are called. */
import { formatDate, formatDateTime, isKey, pickName, t } from "../../../i18n";
import { sumText } from "../../../i18n/sum";
import { session } from "../../../stores/session.svelte";
import type { State } from "../../../ui/states";
import { lookups } from "../parts/lookups.svelte";
import { severityText } from "../parts/words";
import type { Case, Clock } from "./types";

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
export const sourceText = (source: string): string => named("source", source);
export const ratingText = (rating: number): string => named("rating", String(rating));

type Placed = Pick<Case, "building_zh" | "building_en" | "floor" | "room_zh" | "room_en">;

export function casePlace(one: Placed): string {
  return [pickName(one.building_zh, one.building_en), one.floor, pickName(one.room_zh, one.room_en)].filter(Boolean).join(" · ");
}

/** Over is calm; what is past a clock stands out. */
export function caseState(one: Pick<Case, "live" | "overdue">): State {
  if (!one.live) return "normal";
  return one.overdue ? "abnormal" : "attention";
}

/** What was given with a step, as words. */
export function givenText(field: string, value: unknown): string {
  if (field === "severity") return severityText(Number(value));
  if (field === "rating") return ratingText(Number(value));
  if (field === "owner") {
    const member = lookups.members.find((one) => one.user_id === value);
    return member ? pickName(member.name, member.name_en) : String(value);
  }
  const text = String(value);
  if (field === "total" || field === "cost") return sumText(text);
  if (field.endsWith("_at")) return formatDateTime(text, session.contract?.time_zone);
  if (field.endsWith("_on") || field === "warranty_until") return formatDate(text);
  return choiceText(text);
}

/** How long before its end a clock asks for attention. */
export function soonHours(clock: string): number {
  return { response: 0.25, cause_report: 4 }[clock] ?? 24;
}

/** When a clock is over: a term in days ends with its day, and not at the midnight after it. */
export function dueText(clock: Pick<Clock, "due_at" | "due_on">): string {
  if (clock.due_on) return formatDate(clock.due_on);
  return clock.due_at ? formatDateTime(clock.due_at, session.contract?.time_zone) : "";
}

/** What was done, and what became of it where the words don't say the same. */
export function eventTitle(event: { step: string; before: string; after: string }): string {
  const [step, state] = [stepText(event.step), stateText(event.after)];
  return event.before && event.before !== event.after && !step.includes(state) && !state.includes(step) ? `${step} → ${state}` : step;
}

/** A severity in the contract's words (clause 42). */
export function severityWords(severity: number): string {
  return t(`inspect.severity_${severity as 1 | 2 | 3 | 4}`);
}
