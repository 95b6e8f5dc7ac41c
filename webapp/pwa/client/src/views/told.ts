/** What a line that somebody was told says, from its kind and what goes with it. */
import { formatMonth, isKey, pickName, t, type Key } from "../i18n";
import { sumText } from "../i18n/sum";
import "../i18n/told";

const MOST = 5;

export interface Line {
  kind: string;
  count: number;
  group: string;
  name: string;
  name_en: string;
}

export interface ToldRow {
  id: number;
  contract_code: string;
  contract_zh: string;
  contract_en: string;
  kind: string;
  details: Record<string, unknown>;
  path: string;
  escalated: boolean;
  created_at: string;
  read_at: string | null;
}

/** The line itself, as one sentence. */
export function sentence({ kind, details }: ToldRow): string {
  const key = kind === "remind" && details.by_owner ? "notify.remind_all" : `notify.${kind}`;
  if (!isKey(key)) return t("notify.other");
  const month = typeof details.month === "string" ? formatMonth(details.month) : "";
  const when = typeof details.days_left === "number" ? whenText(details.days_left) : "";
  const clock = typeof details.clock === "string" ? clockText(details.clock) : "";
  const total = typeof details.total === "string" ? sumText(details.total) : "";
  const known = details as Record<string, string | number>;
  return t(key as Key, { ...known, ...namesOf(details), month, when, clock, total });
}

/** Whoever is named stands there twice, as `name` and `name_en`; old lines have the first alone. */
function namesOf(details: ToldRow["details"]): Record<string, string> {
  const english = Object.keys(details).filter((key) => key.endsWith("_en"));
  return Object.fromEntries(
    english.map((key) => {
      const own = key.slice(0, -"_en".length);
      return [own, pickName(details[own] as string, details[key] as string)];
    }),
  );
}


function clockText(name: string): string {
  const key = `case.clock_${name}`;
  return isKey(key) ? t(key) : name;
}

function whenText(days: number): string {
  if (days === 0) return t("told.due_today");
  return t(days > 0 ? "told.days_left" : "told.days_over", { count: Math.abs(days) });
}

/** What goes with it, in a few words: how much of what, or whose how much of it is. */
export function particulars({ details }: ToldRow): string {
  const lines = Array.isArray(details.lines) ? (details.lines as Line[]) : [];
  const parts = details.by_owner ? ownersOf(lines) : lines.map((line) => `${kindText(line.kind)} ${line.count}`);
  const shown = parts.slice(0, MOST);
  if (parts.length > MOST) shown.push(t("told.and_more", { count: parts.length - MOST }));
  return shown.join(t("told.comma"));
}

function ownersOf(lines: Line[]): string[] {
  const owners = new Map<string, number>();
  for (const line of lines) {
    const name = pickName(line.name, line.name_en) || groupText(line.group);
    owners.set(name, (owners.get(name) ?? 0) + line.count);
  }
  return [...owners].map(([name, count]) => `${name} ${count}`);
}

function kindText(kind: string): string {
  const key = `blocker.${kind}`;
  return isKey(key) ? t(key) : kind;
}

function groupText(group: string): string {
  const key = `owner.${group}`;
  return isKey(key) ? t(key) : "";
}
