import { describe, expect, test } from "vitest";
import "../../../i18n/desk";
import {
  calendarBody,
  calendarFaults,
  calendarValues,
  clockBody,
  clockFaults,
  clocksBody,
  clockValues,
  parsedHours,
  type ServiceTerms,
  stretches,
  type Terms,
} from "./terms";

const RESPONSE: Terms = { kind: "response", amount: 1, unit: "hours", pausable: false, warn_before: [0.25], escalate_after: [0, 1] };
const COMPLAINT: Terms = { ...RESPONSE, kind: "complaint", amount: 3, unit: "working_days", warn_before: [1] };
const wrong = (faults: Record<string, string | false>) => Object.keys(faults).filter((path) => faults[path]);

describe("a clock's terms", () => {
  test("nothing is stored of what is the contract's standard", () => {
    expect(clockBody(clockValues(RESPONSE), RESPONSE)).toEqual({});
  });

  test("only what differs is stored, and what is set by severity", () => {
    const values = { ...clockValues(RESPONSE), amount: "2", differs: true, severities: { "1": "0.5", "2": "", "3": "", "4": "" } };
    expect(clockBody(values, RESPONSE)).toEqual({ amount: 2, by_severity: { "1": { amount: 0.5 } } });
  });

  test("what a severity has settled besides its amount stays", () => {
    const stored = { by_severity: { "1": { amount: 0.5, pausable: true } } };
    const values = { ...clockValues(RESPONSE, stored.by_severity), differs: false };
    expect(clockBody(values, RESPONSE, stored)).toEqual({ by_severity: { "1": { pausable: true } } });
  });

  test("days are whole, hours go to the quarter, a warning comes before the end", () => {
    expect(wrong(clockFaults({ ...clockValues(COMPLAINT), amount: "2.5" }))).toEqual(["clocks.complaint.amount"]);
    expect(wrong(clockFaults({ ...clockValues(RESPONSE), amount: "1.1" }))).toEqual(["clocks.response.amount"]);
    expect(wrong(clockFaults({ ...clockValues(COMPLAINT), warn_before: "3" }))).toEqual(["clocks.complaint.warn_before"]);
    expect(wrong(clockFaults({ ...clockValues(COMPLAINT), escalate_after: "0，2" }))).toEqual([]);
    expect(wrong(clockFaults({ ...clockValues(RESPONSE), escalate_after: "soon" }))).toEqual(["clocks.response.escalate_after"]);
  });

  test("clocks that are all standard are none", () => {
    const told = { standard: [RESPONSE, COMPLAINT], clocks: {} } as unknown as ServiceTerms;
    expect(clocksBody([RESPONSE, COMPLAINT].map((terms) => clockValues(terms)), told)).toEqual({});
  });
});

describe("the calendar", () => {
  test("the default is stored as nothing, and comes back as itself", () => {
    expect(calendarBody(calendarValues({}))).toEqual({});
    const stored = {
      country: "none",
      weekdays: [1, 2, 3, 4, 5, 6],
      hours: { "1": ["09:00-12:00", "13:30-18:00"], "6": ["09:00-12:00"] },
      days: [{ on: "2027-02-05", kind: "holiday" as const, name: "春节" }],
      known_years: [2027],
    };
    expect(calendarBody(calendarValues(stored))).toEqual(stored);
  });

  test.each([
    ["9-12，13:30—18", ["09:00-12:00", "13:30-18:00"]],
    ["22:00-24:00", ["22:00-24:00"]],
    ["", []],
    ["18-9", null],
    ["9-12, 11-18", null],
    ["9-25", null],
    ["morning", null],
  ])("hours typed as %j", (text, found) => expect(parsedHours(text)).toEqual(found));

  test("faults are named where they are", () => {
    const values = calendarValues({ weekdays: [1], hours: { "1": ["09:00-18:00"] } });
    values.hours["1"] = "all day";
    values.days = [
      { on: "2027-01-01", kind: "holiday", name: "" },
      { on: "2027-01-01", kind: "working", name: "" },
      { on: "", kind: "holiday", name: "" },
    ];
    expect(wrong(calendarFaults(values))).toEqual(["calendar.hours.1", "calendar.hours", "calendar.days.1", "calendar.days.2"]);
  });

  test("days of one name that follow each other are one", () => {
    const days = ["2026-01-01", "2026-01-02", "2026-01-03"].map((on) => ({ on, kind: "holiday" as const, name: "new_year" }));
    const work = { on: "2026-01-04", kind: "make_up" as const, name: "new_year" };
    expect(stretches([...days, work])).toEqual([
      { from: "2026-01-01", to: "2026-01-03", kind: "holiday", name: "new_year" },
      { from: "2026-01-04", to: "2026-01-04", kind: "make_up", name: "new_year" },
    ]);
  });
});
