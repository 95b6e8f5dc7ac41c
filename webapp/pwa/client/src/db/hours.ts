/**
 * Work after hours on the phone: who is planned for a case, what was worked on it, and what of the free
 * hours is left, with what this phone has logged and not told yet. The ledger is the server's; it only grows.
 */
import type { CaseRow, HoursLogPayload, PersonRow } from "../api/wire";
import { countedHours, minutesBetween } from "../rules/hours";
import type { CaseWork } from "./types";

export interface HoursLine {
  uid: string;
  person: PersonRow | null;
  mine: boolean;
  beganAt: string;
  endedAt: string;
  /** As the ledger counts it; of what is not told yet, as it will be counted. */
  hours: number;
  voided: boolean;
  note: string;
  own: CaseWork | null;
}

export interface PlannedLine {
  person: PersonRow | null;
  mine: boolean;
  fromAt: string;
  toAt: string;
  task: string;
}

export interface HoursView {
  rounding: string;
  free: number;
  /** What is counted in the contract's year, with what this phone has not told yet. */
  used: number;
  left: number;
  over: number;
  projection: string;
  projectedOn: string | null;
  plan: PlannedLine[];
  lines: HoursLine[];
}

/** What is typed of hours: a local day, two clocks, minutes of break, words. */
export interface HoursGiven {
  day: string;
  begin: string;
  end: string;
  break: string;
  note: string;
}

type Logged = CaseWork & { kind: "hours_log" };

export function hoursView(
  row: CaseRow,
  works: readonly CaseWork[],
  people: ReadonlyMap<number, PersonRow>,
  me: number,
): HoursView | null {
  if (!row.hours) return null;
  const { rounding, plan, lines, projection, projected_on: projectedOn } = row.hours;
  const told = new Set(lines.map((line) => line.uid));
  const logged = works.filter((work): work is Logged => work.kind === "hours_log");
  const byUid = new Map(logged.map((work) => [work.uid, work]));
  const stopped = (work: Logged) => work.state === "quarantined" || work.state === "conflict";
  const untold = logged.filter((work) => !told.has(work.uid) && !(work.state === "accepted" && work.told));
  const own = untold.map((work): HoursLine => ownLine(work, rounding, people.get(me) ?? null));
  const counted = untold.flatMap((work, place) => (stopped(work) ? [] : own[place]!.hours)).reduce((sum, one) => sum + one, 0);
  const free = row.hours.free / 2;
  const used = row.hours.used / 2 + counted;
  return {
    rounding,
    free,
    used,
    left: Math.max(0, free - used),
    over: Math.max(0, used - free),
    projection,
    projectedOn,
    plan: plan.map((one) => ({
      person: people.get(one.user_id) ?? null,
      mine: one.user_id === me,
      fromAt: one.from_at,
      toAt: one.to_at,
      task: one.task,
    })),
    lines: [
      ...lines.map((line): HoursLine => ({
        uid: line.uid,
        person: people.get(line.user_id) ?? null,
        mine: line.user_id === me,
        beganAt: line.began_at,
        endedAt: line.ended_at,
        hours: line.half_hours / 2,
        voided: line.voided,
        note: line.note,
        own: byUid.get(line.uid) ?? null,
      })),
      ...own,
    ],
  };
}

function ownLine(work: Logged, rounding: string, person: PersonRow | null): HoursLine {
  const { began_at: beganAt, ended_at: endedAt, break_minutes: rest, note } = work.payload;
  const minutes = (Date.parse(endedAt) - Date.parse(beganAt)) / 60_000 - rest;
  return { uid: work.uid, person, mine: true, beganAt, endedAt, hours: countedHours(minutes, rounding), voided: false, note, own: work };
}

/** What was typed, from what was to be sent: it goes back into the form when it is undone. */
export function hoursTyped(payload: HoursLogPayload): Record<string, string> {
  const began = local(new Date(payload.began_at));
  return {
    day: began.slice(0, 10),
    begin: began.slice(11, 16),
    end: local(new Date(payload.ended_at)).slice(11, 16),
    break: String(payload.break_minutes),
    note: payload.note,
  };
}

/** A moment as this phone's clock shows it: `YYYY-MM-DDTHH:MM`. */
export function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** From when to when was worked; an end that is not after the begin is the next day's. */
export function spanOf(given: HoursGiven): { began: Date; ended: Date; minutes: number } | null {
  if (!given.day || !given.begin || !given.end) return null;
  const began = new Date(`${given.day}T${given.begin}`);
  const minutes = minutesBetween(given.begin, given.end);
  return { began, ended: new Date(began.getTime() + minutes * 60_000), minutes: minutes - Number(given.break || 0) };
}

export type HoursProblem = "incomplete" | "not_over_yet" | "break_too_long" | "overlap";

/** Why it can't be logged, as far as this phone can tell. */
export function hoursProblem(view: HoursView, given: HoursGiven, now: number): HoursProblem | null {
  const span = spanOf(given);
  if (!span) return "incomplete";
  if (span.minutes <= 0) return "break_too_long";
  if (span.ended.getTime() > now) return "not_over_yet";
  const overlaps = view.lines.some(
    (line) =>
      line.mine &&
      !line.voided &&
      (!line.own || line.own.state === "saved" || line.own.state === "accepted") &&
      Date.parse(line.beganAt) < span.ended.getTime() &&
      Date.parse(line.endedAt) > span.began.getTime(),
  );
  return overlaps ? "overlap" : null;
}
