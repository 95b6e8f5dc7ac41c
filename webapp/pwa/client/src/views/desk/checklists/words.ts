/** Rules, problems and values of a checklist in the user's words. */
import { formatNumber, formatShare, formatUnit, isKey, pickName, t } from "../../../i18n";
import type { MessageParams } from "../../../i18n/message";
import { registerName } from "../estate/register";
import { severityText } from "../parts/words";
import { numberRule, type Difference, type DraftItem, type DraftWords, type Problem } from "./types";

export function problemText(problem: Problem): string {
  const key = `checklist.problem_${problem.code}`;
  return isKey(key) ? t(key, problem.params as MessageParams) : t("checklist.problem_other");
}

/** Which readings are normal, in one line. */
export function ruleText(item: DraftItem): string {
  if (item.kind === "choice") {
    const normal = Array.isArray(item.normal) ? item.normal : [];
    const options = (item.options ?? []).filter((option) => normal.includes(option.key));
    return options.map((option) => pickName(option.zh, option.en)).join(" / ");
  }
  if (item.kind === "pass_fail") return t("verdict.pass");
  if (item.kind === "photo") return t("checklist.rule_photo");
  const { min, max, register, max_share_of_register: share, register_within: within } = numberRule(item);
  if (item.kind === "text") return register ? t("checklist.rule_register", { name: registerName(register) }) : t("checklist.rule_text");
  return [
    min !== undefined && max !== undefined ? `${limitText(min)}–${limitText(max, item.unit)}` : "",
    min !== undefined && max === undefined ? `≥ ${limitText(min, item.unit)}` : "",
    max !== undefined && min === undefined ? `≤ ${limitText(max, item.unit)}` : "",
    register ? t("checklist.rule_register", { name: registerName(register) }) : "",
    share ? t("checklist.rule_share", { name: registerName(share[0]), share: formatShare(share[1]) }) : "",
    within ? t("checklist.rule_within", { name: registerName(within[0]), share: formatShare(within[1]) }) : "",
  ]
    .filter(Boolean)
    .join(t("checklist.list_comma"));
}

/** A limit as it was typed, to the last digit, with its unit. */
export function limitText(value: number, unit = ""): string {
  const figure = formatNumber(value, { maximumFractionDigits: 6 });
  return unit && unit !== "1" ? `${figure} ${formatUnit(unit, value)}` : figure;
}

/** One side of a difference. */
export function valueText(field: string | null, value: unknown): string {
  if (value === null || value === undefined) return "—";
  if (field === "severity" && typeof value === "number") return severityText(value);
  if (field === "kind") return known("checklist.kind", String(value));
  if (field === "every") return known("checklist.every", String(value));
  if (field === "normal" && typeof value === "object" && !Array.isArray(value)) return ruleText({ kind: "number", normal: value } as DraftItem);
  if (field === "by") return Object.entries(value).map(([key, severity]) => `${key}: ${severityText(Number(severity))}`).join(" · ");
  if (typeof value === "boolean") return t(value ? "register.yes" : "register.no");
  if (Array.isArray(value)) return value.map((row) => (typeof row === "object" ? name(row as DraftWords) : String(row))).join(" / ");
  return typeof value === "object" ? name(value as DraftWords) : String(value);
}

function name(words: Partial<DraftWords>): string {
  return pickName(words.zh, words.en) || (words.key ?? "");
}

function known(area: string, value: string): string {
  const key = `${area}_${value}`;
  return isKey(key) ? t(key) : value;
}

/** The field that a difference is about. */
export function fieldText(difference: Difference): string {
  if (difference.change === "reordered") return t("checklist.order");
  return difference.field ? known("checklist.field", difference.field) : "";
}

/** A key made of an English name, as the server makes one: "HDMI loose" → `hdmi_loose`. */
export function slug(text: string): string {
  const key = text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40).replace(/_+$/, "");
  return /^[0-9]/.test(key) ? `n_${key}` : key;
}

/** The key itself, or with a number behind it where it is taken. */
export function freeKey(key: string, taken: readonly { key: string }[]): string {
  const used = new Set(taken.map((row) => row.key));
  let free = key;
  for (let number = 2; used.has(free); number++) free = `${key.slice(0, 36)}_${number}`;
  return free;
}
