/** What a task's state is on this phone: its own unsent work laid over what the server says. */
import type { TaskRow } from "../api/wire";
import type { Outcome } from "../rules/verdict";
import type { InspectionRecord } from "./types";

export type TaskOutcome = Outcome | "todo";

/** Counts of tasks by outcome; `started` of those to do have a draft. */
export interface Totals {
  all: number;
  todo: number;
  normal: number;
  abnormal: number;
  not_tested: number;
  started: number;
}

export function noTotals(): Totals {
  return { all: 0, todo: 0, normal: 0, abnormal: 0, not_tested: 0, started: 0 };
}

export function count(totals: Totals, outcome: TaskOutcome, started: boolean): void {
  totals.all++;
  totals[outcome]++;
  if (started && outcome === "todo") totals.started++;
}

/**
 * The outcome to show. What this phone has finished counts until the server has taken it and says
 * itself what became of the task.
 */
export function outcomeOf(task: TaskRow, record: InspectionRecord | undefined): TaskOutcome {
  return record && ownCounts(task, record) ? record.verdict : task.outcome;
}

/** Whether what this phone has finished has the last word still. */
export function ownCounts(task: TaskRow, record: InspectionRecord): boolean {
  const withServer = record.acknowledged_at !== null && record.state !== "quarantined";
  return !withServer || task.outcome === "todo";
}

/** The latest record of each task. */
export function latestByTask(records: readonly InspectionRecord[]): Map<number, InspectionRecord> {
  const latest = new Map<number, InspectionRecord>();
  for (const record of records) {
    const known = latest.get(record.task_id);
    if (!known || known.saved_at <= record.saved_at) latest.set(record.task_id, record);
  }
  return latest;
}
