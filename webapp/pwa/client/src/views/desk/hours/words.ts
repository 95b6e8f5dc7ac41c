/** What the ledger of hours says: spans, hours, money, and when the free hours end. */
import { formatDate, formatDateTime, formatNumber, formatTime, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import type { Balance } from "./types";

/** Hours to the half, with their unit. */
export function hoursText(hours: number): string {
  return t("hours.amount", { hours: hoursFigure(hours) });
}

/** Hours to the half, as a bare figure; a real minus where they count back. */
export function hoursFigure(hours: number): string {
  return formatNumber(hours, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).replace("-", "−");
}

/** Decimal text with its currency; the figures are the server's, never reckoned here. */
export function moneyText(amount: string, currency: string): string {
  return t("hours.money", { amount: amount.replace("-", "−"), currency });
}

/** From when to when at the contract's place; the day once where both are of one. */
export function spanText(from: string, to: string): string {
  const zone = session.contract?.time_zone;
  const day = (at: string) => formatDateTime(at, zone).slice(0, -5);
  return day(from) === day(to)
    ? t("hours.span", { from: formatDateTime(from, zone), to: formatTime(to, zone) })
    : t("hours.span", { from: formatDateTime(from, zone), to: formatDateTime(to, zone) });
}

/** When the free hours end, in one sentence. */
export function projectionText(balance: Balance): string {
  const date = balance.projected_on ? formatDate(balance.projected_on) : "";
  const hours = hoursFigure(balance.projected_hours ?? 0);
  switch (balance.projection) {
    case "used_up":
      return t("hours.projection_used_up", { date });
    case "ends":
      return t("hours.projection_ends", { date, hours });
    case "lasts":
      return balance.used_hours > 0 ? t("hours.projection_lasts", { hours }) : t("hours.projection_none");
    case "over":
      return t("hours.projection_over");
    default:
      return t("hours.projection_early");
  }
}

/** The contract year, from its first day to its last. */
export function yearText(balance: Pick<Balance, "starts_on" | "ends_on">): string {
  return t("hours.span", { from: formatDate(balance.starts_on), to: formatDate(balance.ends_on) });
}
