/**
 * What a reading means: THE verdict rule, on the phone (clauses 17, 18 and 42).
 * As webapp/checklists/rules.py has it, its arithmetic in the same order; the server judges anew.
 */
import {
  foldText,
  type Item,
  LARGEST_NUMBER,
  type NumberNormal,
  type Register,
  registerNumber,
  registerText,
} from "./checklist";

export type Outcome = "normal" | "abnormal" | "not_tested";
/** number | option key | "pass" / "fail" | text | true (a photo is there) | null. */
export type Value = number | string | boolean | null | undefined;
export type ValueProblem =
  | "value_not_number"
  | "value_too_large"
  | "value_not_option"
  | "value_not_pass_fail"
  | "value_not_text"
  | "value_too_long"
  | "value_not_photo";
export type Reason =
  | "ok"
  | "limit_unknown"
  | "empty"
  | "fail"
  | "option"
  | "below_min"
  | "above_max"
  | "not_equal"
  | ValueProblem;

/** What is normal for one device, its register fields put in; bounds inclusive, in the unit. */
export interface NormalRange {
  readonly minimum?: number;
  readonly maximum?: number;
  /** The text that the register holds. */
  readonly equals?: string;
  /** The normal options' keys. */
  readonly options?: readonly string[];
  /** The register fields that the rule needs and the device lacks. */
  readonly unknown: readonly string[];
}

/** One reading judged; `severity` is suggested for an abnormal one. */
export interface Verdict {
  readonly verdict: Outcome;
  readonly severity: number | null;
  readonly reason: Reason;
}

/** One inspection judged; `abnormal` and `unanswered` (required) name items, in order. */
export interface InspectionVerdict {
  readonly verdict: Outcome;
  readonly severity: number | null;
  readonly abnormal: readonly string[];
  readonly unanswered: readonly string[];
}

export const LONGEST_TEXT = 2000;
const BOUND = /^(above|below)_(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)$/;

/** A computed limit at six decimals: 6 - 6 x 0.2 shall be 4.8, not 4.799999999999999. */
export function limit(value: number): number {
  return Math.floor(value * 1e6 + 0.5) / 1e6;
}

/** What is normal for the device with this register (clause 17, 标准值). */
export function normalRange(item: Item, register: Register): NormalRange {
  if (item.kind === "choice") return { options: item.normal ?? [], unknown: [] };
  if (item.kind === "text" && item.normal) {
    const equals = registerText(register, item.normal.register);
    return equals === undefined ? { unknown: [item.normal.register] } : { equals, unknown: [] };
  }
  if (item.kind === "number" && item.normal) return numberRange(item.normal, register);
  return { unknown: [] };
}

function numberRange(normal: NumberNormal, register: Register): NormalRange {
  const lows = normal.min === undefined ? [] : [normal.min];
  const highs = normal.max === undefined ? [] : [normal.max];
  const unknown: string[] = [];
  const withBase = (name: string, use: (base: number) => void) => {
    const base = registerNumber(register, name);
    if (base === undefined) unknown.push(name);
    else use(base);
  };
  if (normal.register !== undefined) {
    withBase(normal.register, (base) => (lows.push(base), highs.push(base)));
  }
  if (normal.max_share_of_register) {
    const [name, share] = normal.max_share_of_register;
    withBase(name, (base) => highs.push(limit(base * share)));
  }
  if (normal.register_within) {
    const [name, share] = normal.register_within;
    withBase(name, (base) => {
      lows.push(limit(base - base * share));
      highs.push(limit(base + base * share));
    });
  }
  return {
    ...(lows.length > 0 && { minimum: Math.max(...lows) }),
    ...(highs.length > 0 && { maximum: Math.min(...highs) }),
    unknown,
  };
}

/** Whether a value is no reading at all. */
export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "string" && !foldText(value));
}

/**
 * The code of what is wrong with a value's shape, or null; an empty value is never wrong.
 * Digits in a string are no number: the form turns them into one.
 */
export function valueProblem(item: Item, value: unknown): ValueProblem | null {
  if (isEmpty(value)) return null;
  switch (item.kind) {
    case "number":
      return numberProblem(value);
    case "pass_fail":
      return value === "pass" || value === "fail" ? null : "value_not_pass_fail";
    case "choice":
      return item.options?.some((option) => option.key === value) ? null : "value_not_option";
    case "photo":
      return value === true ? null : "value_not_photo";
    case "text":
      if (typeof value !== "string") return "value_not_text";
      return [...value].length > LONGEST_TEXT ? "value_too_long" : null;
  }
}

function numberProblem(value: unknown): ValueProblem | null {
  if (typeof value !== "number" || Number.isNaN(value)) return "value_not_number";
  return Math.abs(value) <= LARGEST_NUMBER ? null : "value_too_large";
}

/**
 * Judge one reading; total: every value gets a verdict. An empty or misshapen value is
 * `not_tested`, never silently normal. A limit that hangs on a register field which the device
 * lacks cannot be broken: normal, with reason `limit_unknown`.
 */
export function judgeReading(item: Item, value: Value, register: Register): Verdict {
  if (isEmpty(value)) return { verdict: "not_tested", severity: null, reason: "empty" };
  const problem = valueProblem(item, value);
  if (problem) return { verdict: "not_tested", severity: null, reason: problem };
  const normal = normalRange(item, register);
  const reason = fault(item, value, normal);
  if (reason) return { verdict: "abnormal", severity: suggestedSeverity(item, value), reason };
  const unknown = normal.unknown.length > 0;
  return { verdict: "normal", severity: null, reason: unknown ? "limit_unknown" : "ok" };
}

function fault(item: Item, value: Value, normal: NormalRange): Reason | null {
  if (item.kind === "pass_fail") return value === "fail" ? "fail" : null;
  if (item.kind === "choice") {
    return normal.options?.includes(value as string) ? null : "option";
  }
  if (item.kind === "text" && normal.equals !== undefined) {
    return foldText(value as string) === foldText(normal.equals) ? null : "not_equal";
  }
  return item.kind === "number" ? numberFault(value as number, normal) : null;
}

function numberFault(value: number, { minimum, maximum }: NormalRange): Reason | null {
  if (minimum !== undefined && minimum === maximum && value !== minimum) return "not_equal";
  if (minimum !== undefined && value < minimum) return "below_min";
  return maximum !== undefined && value > maximum ? "above_max" : null;
}

/** The severity that an abnormal value suggests: by option or bound, else the item's own. */
export function suggestedSeverity(item: Item, value: Value): number | null {
  const by = item.by ?? {};
  if (item.kind === "choice") {
    const option = value as string;
    return (Object.hasOwn(by, option) ? by[option] : item.severity) ?? null;
  }
  const matching = Object.keys(by).flatMap((bound) => (beyond(bound, value) ? [by[bound]!] : []));
  return matching.length > 0 ? Math.min(...matching) : (item.severity ?? null);
}

function beyond(bound: string, value: Value): boolean {
  const match = BOUND.exec(bound);
  if (!match || typeof value !== "number") return false;
  const number = Number(match[2]);
  return match[1] === "above" ? value > number : value < number;
}

/**
 * Judge an inspection of the `items` that were due and apply. Abnormal as soon as one reading is;
 * otherwise not tested when there is an exception or a required item has no reading; normal only
 * when everything required was read and is normal.
 */
export function judgeInspection(
  items: readonly Item[],
  verdicts: Readonly<Record<string, Verdict>>,
  exception = false,
): InspectionVerdict {
  const outcome = (key: string): Outcome =>
    Object.hasOwn(verdicts, key) ? verdicts[key]!.verdict : "not_tested";
  const keys = (wanted: readonly Item[]) => wanted.map((item) => item.key);
  const abnormal = keys(items.filter((item) => outcome(item.key) === "abnormal"));
  const unanswered = keys(
    items.filter((item) => !item.optional && outcome(item.key) === "not_tested"),
  );
  if (abnormal.length > 0) {
    const severities = abnormal.flatMap((key) => verdicts[key]!.severity ?? []);
    const severity = severities.length > 0 ? Math.min(...severities) : null;
    return { verdict: "abnormal", severity, abnormal, unanswered };
  }
  const answered = Object.values(verdicts).some((judged) => judged.verdict === "normal");
  const whole = !exception && unanswered.length === 0 && (answered || items.length === 0);
  return { verdict: whole ? "normal" : "not_tested", severity: null, abnormal, unanswered };
}

/** Whether this reading must have a photo; an abnormal one always must. */
export function photoRequired(item: Item, verdict: Outcome): boolean {
  if (item.kind === "photo") return !item.optional;
  if (verdict === "not_tested") return false;
  return item.photo === "always" || verdict === "abnormal";
}

/** The number that a form's text stands for; full-width digits and thousands are understood. */
export function readNumber(text: string): number | null {
  const narrow = foldText(text.replaceAll("。", "."));
  const plain = /^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$/.test(narrow)
    ? narrow.replaceAll(",", "")
    : narrow.replace(/^([-+]?[0-9]+),([0-9]{1,2})$/, "$1.$2");
  return /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(plain) ? Number(plain) : null;
}
