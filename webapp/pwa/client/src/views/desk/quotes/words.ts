/** What quotes, their states and their figures are called and look like. */
import { daysUntil, isKey, locale, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import type { State } from "../../../ui/states";
import type { Quote, QuoteLine } from "./types";

const LOOKS: Record<Quote["state"], State> = {
  draft: "todo",
  sent: "attention",
  approved: "normal",
  declined: "abnormal",
  superseded: "not_tested",
  expired: "not_tested",
};

export const quoteState = (state: Quote["state"]): State => LOOKS[state];
export const quoteStateText = (state: Quote["state"]): string => t(`quote.state_${state}`);
export const quoteKindText = (kind: Quote["kind"]): string => t(`quote.kind_${kind}`);
export const lineKindText = (kind: QuoteLine["kind"]): string => t(`quote.line_${kind}`);

/** An exact decimal text as the language groups it, without ever being a float. */
export function money(text: string): string {
  const [whole, part] = text.split(".");
  return `${new Intl.NumberFormat(locale()).format(BigInt(whole))}.${part ?? "00"}`;
}

export const total = (one: Pick<Quote, "currency" | "gross">): string => `${one.currency} ${money(one.gross)}`;

/** An hour and a day are the rate card's words; any other unit is as it was written. */
export function unitText(line: Pick<QuoteLine, "kind" | "unit" | "quantity">): string {
  const key = `quote.unit_${line.unit}`;
  return line.kind === "labour" && isKey(key) ? t(key, { count: Number(line.quantity) }) : line.unit;
}

/** What the client has still time for; nothing while the end is far off. */
export function endsText(one: Pick<Quote, "state" | "valid_until">): string {
  if (one.state !== "sent") return "";
  const days = daysUntil(one.valid_until, session.contract?.time_zone);
  if (days < 0 || days > 3) return "";
  return days === 0 ? t("quote.ends_today") : t("quote.ends_in", { count: days });
}
