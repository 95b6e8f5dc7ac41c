/** A reading and its limits in words and figures. */
import { formatReading, pickName, t } from "../../../i18n";
import type { State } from "../../../ui/states";

/** The words of an option's key, where the item has options. */
export type OptionName = (key: string) => string;

/** What was read: the option's name, the figure with its unit, pass or fail, or the engineer's text. */
export function readingText(
  value: number | string | boolean | null | undefined,
  unit = "",
  words: { zh?: string | null; en?: string | null } = {},
): string {
  if (words.zh || words.en) return pickName(words.zh, words.en);
  if (value === null || value === undefined || value === "") return "—";
  if (value === true) return t("reading.done");
  if (value === "pass" || value === "fail") return t(`verdict.${value}`);
  return typeof value === "boolean" ? t("verdict.fail") : formatReading(value, unit);
}

export interface RangeLike {
  minimum?: number | null;
  maximum?: number | null;
  equals?: string | number | null;
  options?: readonly string[] | null;
}

/** What is normal, under a heading that says so; empty where nothing limits the item. */
export function limitsText(limits: RangeLike | null, unit = "", optionName: OptionName = (key) => key): string {
  if (!limits) return "";
  const { minimum, maximum, equals, options } = limits;
  const figure = (value: number) => formatReading(value, unit);
  if (typeof minimum === "number" && typeof maximum === "number") {
    return minimum === maximum ? figure(minimum) : `${formatReading(minimum)}–${figure(maximum)}`;
  }
  if (typeof minimum === "number") return `≥ ${figure(minimum)}`;
  if (typeof maximum === "number") return `≤ ${figure(maximum)}`;
  if (equals !== null && equals !== undefined) return String(equals);
  return options?.map(optionName).join(" / ") ?? "";
}

/** The state that a verdict is drawn as. */
export function verdictState(verdict: string | null | undefined): State {
  return verdict === "normal" || verdict === "abnormal" || verdict === "not_tested" ? verdict : "todo";
}
