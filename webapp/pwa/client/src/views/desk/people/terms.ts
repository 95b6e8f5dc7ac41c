/** The service desk's terms and calendar as a form holds them and as the server takes them. */
import type { components } from "../../../api/schema";
import { t } from "../../../i18n";

type Schemas = components["schemas"];
export type Terms = Schemas["Terms"];
export type Unit = Terms["unit"];
export type NamedDay = Schemas["NamedDay"];
export interface OwnDay {
  on: string;
  kind: "holiday" | "working";
  name: string;
}
/** What a contract has settled of its calendar; what is left out has the default. */
export interface StoredCalendar {
  country?: string;
  weekdays?: number[];
  hours?: Record<string, string[]>;
  make_up_hours?: string[];
  holiday_hours?: string[];
  days?: OwnDay[];
  known_years?: number[];
}
type Stored = Partial<Terms> & { by_severity?: Record<string, Partial<Terms>> };
export type ServiceTerms = Omit<Schemas["ServiceTerms"], "clocks" | "calendar"> & {
  clocks: Record<string, Stored>;
  calendar: StoredCalendar;
};

export const UNITS: Unit[] = ["hours", "service_hours", "calendar_days", "working_days"];
export const SEVERITIES = ["1", "2", "3", "4"];
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const USUAL = "09:00-18:00";

/** One clock as it is typed. */
export interface ClockValues {
  kind: string;
  amount: string;
  unit: Unit;
  pausable: boolean;
  /** Steps, parted by commas. */
  warn_before: string;
  escalate_after: string;
  /** Whether the amount differs by severity, and to what; empty is the clock's own. */
  differs: boolean;
  severities: Record<string, string>;
}

const listed = (steps: readonly number[]) => steps.join(", ");
/** The numbers of a list as it is typed, with commas of either kind. */
export const steps = (text: string): number[] =>
  text.split(/[,，、;；\s]+/).filter(Boolean).map(Number);
const amountOf = (text: string): number => Number(text.trim());

export function clockValues(terms: Terms, special: Record<string, Partial<Terms>> = {}): ClockValues {
  const own = SEVERITIES.map((severity) => [severity, special[severity]?.amount?.toString() ?? ""]);
  return {
    kind: terms.kind,
    amount: String(terms.amount),
    unit: terms.unit,
    pausable: terms.pausable,
    warn_before: listed(terms.warn_before),
    escalate_after: listed(terms.escalate_after),
    differs: own.some(([, amount]) => amount !== ""),
    severities: Object.fromEntries(own),
  };
}

export const inDays = (unit: Unit): boolean => unit === "calendar_days" || unit === "working_days";

function numberFault(value: number, unit: Unit, positive: boolean): string | false {
  if (!Number.isFinite(value) || value < 0 || (positive && value === 0)) return t("terms.not_number");
  if (inDays(unit)) return !Number.isInteger(value) && t("terms.not_whole_days");
  return !Number.isInteger(value * 4) && t("terms.not_quarters");
}

/** What is wrong with a clock, by the paths that the server names. */
export function clockFaults(values: ClockValues): Record<string, string | false> {
  const path = `clocks.${values.kind}`;
  const amount = amountOf(values.amount);
  const warn = steps(values.warn_before);
  const late = warn.some((step) => step >= amount || (step === 0 && !inDays(values.unit)));
  const first = (text: string) =>
    steps(text).map((step) => numberFault(step, values.unit, false)).find(Boolean) ?? false;
  const own = values.differs ? SEVERITIES : [];
  return {
    [`${path}.amount`]: values.amount.trim() === "" ? t("form.required") : numberFault(amount, values.unit, true),
    [`${path}.warn_before`]: first(values.warn_before) || (late && t("terms.warn_late")),
    [`${path}.escalate_after`]: first(values.escalate_after),
    ...Object.fromEntries(
      own.map((severity) => {
        const text = values.severities[severity] ?? "";
        return [`${path}.by_severity.${severity}`, text.trim() !== "" && numberFault(amountOf(text), values.unit, true)];
      }),
    ),
  };
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** What is stored of a clock: only what differs from the contract's standard. */
export function clockBody(values: ClockValues, standard: Terms, stored: Stored = {}): Stored {
  const set: Partial<Terms> = {
    amount: amountOf(values.amount),
    unit: values.unit,
    pausable: values.pausable,
    warn_before: steps(values.warn_before),
    escalate_after: steps(values.escalate_after),
  };
  const body: Stored = Object.fromEntries(
    Object.entries(set).filter(([name, value]) => !same(value, standard[name as keyof Terms])),
  );
  const special: Record<string, Partial<Terms>> = {};
  for (const severity of SEVERITIES) {
    const { amount: _amount, ...rest } = stored.by_severity?.[severity] ?? {};
    const text = values.differs ? (values.severities[severity] ?? "").trim() : "";
    const own = text === "" ? rest : { ...rest, amount: amountOf(text) };
    if (Object.keys(own).length > 0) special[severity] = own;
  }
  if (Object.keys(special).length > 0) body.by_severity = special;
  return body;
}

/** What is stored of all clocks. */
export function clocksBody(clocks: ClockValues[], told: ServiceTerms): Record<string, Stored> {
  const bodies = clocks.map((values): [string, Stored] => {
    const standard = told.standard.find((terms) => terms.kind === values.kind)!;
    return [values.kind, clockBody(values, standard, told.clocks[values.kind])];
  });
  return Object.fromEntries(bodies.filter(([, body]) => Object.keys(body).length > 0));
}

/** The calendar as it is typed: hours as text, by weekday. */
export interface CalendarValues {
  country: string;
  weekdays: number[];
  hours: Record<string, string>;
  make_up_hours: string;
  holiday_hours: string;
  days: OwnDay[];
  known_years: number[];
}

export function calendarValues(stored: StoredCalendar): CalendarValues {
  const weekdays = stored.weekdays ?? [1, 2, 3, 4, 5];
  const hours = WEEKDAYS.map((day) => {
    const usual = weekdays.includes(day) ? USUAL : "";
    return [day, stored.hours ? (stored.hours[day] ?? []).join(", ") : usual];
  });
  return {
    country: stored.country ?? "cn",
    weekdays,
    hours: Object.fromEntries(hours),
    make_up_hours: (stored.make_up_hours ?? []).join(", "),
    holiday_hours: (stored.holiday_hours ?? []).join(", "),
    days: (stored.days ?? []).map((day) => ({ ...day, name: day.name ?? "" })),
    known_years: stored.known_years ?? [],
  };
}

/** Hours as the server takes them, of what people type: `9-12，13:30—18` is two. Null: no hours. */
export function parsedHours(text: string): string[] | null {
  const parts = text.split(/[,，、;；]+/).map((part) => part.replace(/\s+/g, "")).filter(Boolean);
  const spans = parts.map((part) => {
    const found = /^(\d{1,2})(?:[:：](\d{2}))?[-–—~～至](\d{1,2})(?:[:：](\d{2}))?$/.exec(part);
    if (!found) return null;
    const [start, until] = [clock(found[1]!, found[2]), clock(found[3]!, found[4])];
    return start !== null && until !== null && start < until ? `${start}-${until}` : null;
  });
  if (spans.includes(null)) return null;
  const sorted = (spans as string[]).sort();
  return sorted.some((span, nth) => nth > 0 && span.slice(0, 5) < sorted[nth - 1]!.slice(6)) ? null : sorted;
}

function clock(hours: string, minutes = "00"): string | null {
  const text = `${hours.padStart(2, "0")}:${minutes}`;
  return /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text) ? text : null;
}

export function calendarFaults(values: CalendarValues): Record<string, string | false> {
  const wrong = (text: string) => parsedHours(text) === null && t("terms.not_hours");
  const seen = new Set<string>();
  const days = values.days.map((day, nth): [string, string | false] => {
    const twice = seen.has(day.on);
    seen.add(day.on);
    const fault = !/^\d{4}-\d{2}-\d{2}$/.test(day.on) ? t("form.required") : twice && t("terms.day_twice");
    return [`calendar.days.${nth}`, fault];
  });
  const none = WEEKDAYS.every((day) => (parsedHours(values.hours[day] ?? "") ?? []).length === 0);
  return {
    "calendar.weekdays": values.weekdays.length === 0 && t("terms.no_weekdays"),
    ...Object.fromEntries(WEEKDAYS.map((day) => [`calendar.hours.${day}`, wrong(values.hours[day] ?? "")])),
    "calendar.hours": none && t("terms.no_hours"),
    "calendar.make_up_hours": wrong(values.make_up_hours),
    "calendar.holiday_hours": wrong(values.holiday_hours),
    ...Object.fromEntries(days),
  };
}

/** What is stored of the calendar: only what differs from the default. */
export function calendarBody(values: CalendarValues): StoredCalendar {
  const weekdays = [...values.weekdays].sort((one, other) => one - other);
  const hours = WEEKDAYS.map((day): [string, string[]] => [String(day), parsedHours(values.hours[day] ?? "") ?? []]);
  const usual = hours.every(([day, spans]) => same(spans, weekdays.includes(Number(day)) ? [USUAL] : []));
  const makeUp = parsedHours(values.make_up_hours) ?? [];
  const holiday = parsedHours(values.holiday_hours) ?? [];
  return {
    ...(values.country !== "cn" && { country: values.country }),
    ...(!same(weekdays, [1, 2, 3, 4, 5]) && { weekdays }),
    ...(!usual && { hours: Object.fromEntries(hours.filter(([, spans]) => spans.length > 0)) }),
    ...(makeUp.length > 0 && { make_up_hours: makeUp }),
    ...(holiday.length > 0 && { holiday_hours: holiday }),
    ...(values.days.length > 0 && { days: values.days.map((day) => ({ ...day, name: day.name.trim() })) }),
    ...(values.known_years.length > 0 && { known_years: [...values.known_years].sort() }),
  };
}

/** Days of one name that follow each other, as one. */
export interface Stretch {
  from: string;
  to: string;
  kind: NamedDay["kind"];
  name: string;
}

export function stretches(days: NamedDay[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { on, kind, name } of days) {
    const last = found.at(-1);
    const follows = last && Date.parse(on) - Date.parse(last.to) === 86_400_000;
    if (follows && last.kind === kind && last.name === name) last.to = on;
    else found.push({ from: on, to: on, kind, name });
  }
  return found;
}
