/** How far a month is from its report: the time that is left, and the steps on the way. */
import { locale, t } from "../../../i18n";
import type { State } from "../../../ui/states";
import type { Blocker, BlockerKind, Ready } from "./types";

const MINUTE_MS = 60_000;

export interface Countdown {
  over: boolean;
  days: number;
  hours: number;
  minutes: number;
}

/** The time to a moment, or since it: whole days, hours and minutes. */
export function countdown(to: string, now: number): Countdown {
  const left = Date.parse(to) - now;
  const minutes = Math.floor(Math.abs(left) / MINUTE_MS);
  return { over: left <= 0, days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60) % 24, minutes: minutes % 60 };
}

/** "2 days 5 hours left"; on the last day, the minutes too. */
export function countdownText(to: string, now: number): string {
  const { over, days, hours, minutes } = countdown(to, now);
  if (days > 0) return t(over ? "ready.over_days" : "ready.left_days", { days, hours });
  return t(over ? "ready.over_hours" : "ready.left_hours", { hours, minutes });
}

const SUFFIXES: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

/** A day of the month as it is said: 10, 10th. */
export function ordinal(day: number): string {
  if (!locale().startsWith("en")) return String(day);
  return `${day}${SUFFIXES[new Intl.PluralRules("en", { type: "ordinal" }).select(day)] ?? "th"}`;
}

export interface Step {
  key: "inspect" | "self_check" | "peer_check" | "acceptance" | "report";
  /** How much of it is left; 0 is done, null that it has not come to it. */
  left: number | null;
  state: State;
}

const of = (blockers: Blocker[], ...kinds: BlockerKind[]) =>
  blockers.filter((row) => kinds.includes(row.kind)).reduce((sum, row) => sum + row.count, 0);

/** The way of a month: inspected, checked twice, accepted, reported. A step is done when the ones before it are. */
export function stepsOf({ round, report, blockers }: Pick<Ready, "round" | "report" | "blockers">): Step[] {
  const accepted = round.state === "accepted";
  const left: [Step["key"], number][] = [
    ["inspect", of(blockers, "todo", "revisits", "unsent", "photos_missing", "photos_returned", "answers_returned")],
    ["self_check", of(blockers, "self_checks")],
    ["peer_check", of(blockers, "peer_checks")],
    ["acceptance", of(blockers, "pairs", "photos_unreviewed", "answers_to_look_at", "quarantine", "acceptance")],
    ["report", report ? 0 : 1],
  ];
  let reached = true;
  return left.map(([key, count]) => {
    const done = accepted && key !== "report" ? true : reached && count === 0;
    const step: Step = { key, left: done ? 0 : count || null, state: done ? "normal" : reached ? "attention" : "todo" };
    reached = done;
    return step;
  });
}

const RIGHTS: Partial<Record<Blocker["group"], string>> = {
  unassigned: "manage_round",
  peers: "inspect",
  reviewers: "review",
  acceptors: "accept",
};

/** What of it is one person's to do: his own, and nobody's that his rights let him do. */
export function mineOf(blockers: Blocker[], userId: number | undefined, can: (right: string) => boolean): Blocker[] {
  return blockers.filter((row) => (row.group === "person" ? row.owner_id === userId : can(RIGHTS[row.group] ?? "")));
}
