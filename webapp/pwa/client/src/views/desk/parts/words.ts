/** Small words of the round that several screens share. */
import type { components } from "../../../api/schema";
import { formatDateTime, isKey, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";

/** A time spent, short ones to the second: an "all OK" in six seconds says something. */
export function secondsText(seconds: number): string {
  if (seconds < 90) return t("inspection.seconds", { count: seconds });
  return t("inspection.minutes", { count: Math.round(seconds / 60) });
}

/** Whether an "all OK" was given in less than the contract allows without a second look. */
export function isFast(bulkSeconds: number | null): boolean {
  return bulkSeconds !== null && bulkSeconds < (session.contract?.fast_bulk_seconds ?? 0);
}

/** Whether the client has opened what he was sent by a link; the last time only where it isn't the first. */
export function openingsText({ count, first_at, last_at }: components["schemas"]["Openings"]): string {
  if (!first_at || !last_at) return t("desk.not_opened");
  const [first, last] = [first_at, last_at].map((moment) => formatDateTime(moment, session.contract?.time_zone));
  return t(count > 1 ? "desk.opened_last" : "desk.opened", { first, last, count });
}

/** A severity of the contract: 1 一级 … 4 四级. */
export function severityText(severity: number | null | undefined): string {
  return severity && severity >= 1 && severity <= 4 ? t(`severity.${severity as 1 | 2 | 3 | 4}`) : "—";
}

/** What the server found remarkable about an inspection. */
export function flagText(flag: string): string {
  const key = `flag.${flag}`;
  return isKey(key) ? t(key) : flag;
}

/** Why a figure is doubted: a counter that fell, or rose faster than time goes. */
export function questionText(question: string): string {
  const key = `question.${question}`;
  return isKey(key) ? t(key) : question;
}
