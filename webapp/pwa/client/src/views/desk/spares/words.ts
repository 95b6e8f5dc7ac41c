/** What a spare part, a movement and a loaner say. */
import { formatNumber, t } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { Loan, Movement, Part } from "./types";

export const KINDS = ["received", "used", "returned", "counted"] as const;

export function partName(part: Pick<Part, "name" | "model">): string {
  return [part.name, part.model].filter(Boolean).join(" ");
}

export function partState(part: Pick<Part, "state">): State {
  return part.state === "low" ? "attention" : part.state === "retired" ? "not_tested" : "normal";
}

export function loanState(loan: Pick<Loan, "state" | "overdue">): State {
  if (loan.state === "returned") return "normal";
  return loan.overdue ? "abnormal" : "attention";
}

export function movementText(kind: string): string {
  return t(`spares.kind_${kind as (typeof KINDS)[number] | "lent"}`);
}

/** By how many, with its sign. */
export function changeText(movement: Pick<Movement, "change">): string {
  return formatNumber(movement.change, { signDisplay: "exceptZero" }).replace("-", "−");
}
