/** What a task's state is on this phone: its own unsent work laid over what the server says. */
import type { TaskRow } from "../api/wire";
import type { Outcome } from "../rules/verdict";
import { groupBy } from "./group";
import type { UserDatabase } from "./schema";
import { readInSlices } from "./slices";
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
  if (record.state === "dismissed") return false;
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

export interface TaskState {
  task: TaskRow;
  outcome: TaskOutcome;
  started: boolean;
  /** What this phone has finished of it, the latest. */
  record: InspectionRecord | undefined;
}

/** The tasks of these rounds, by the round's id: the tables are read once, however many there are. */
export async function taskStates(
  db: UserDatabase,
  roundIds: readonly number[],
): Promise<Map<number, TaskState[]>> {
  const [tasks, records, drafts] = await Promise.all([
    readInSlices(db.tasks).then((all) => all.filter((task) => roundIds.includes(task.round_id))),
    db.records.where("round_id").anyOf([...roundIds]).toArray(),
    db.drafts.toCollection().primaryKeys(),
  ]);
  const latest = latestByTask(records);
  const started = new Set(drafts);
  const states = tasks.map((task) => ({
    task,
    outcome: outcomeOf(task, latest.get(task.id)),
    started: started.has(task.id),
    record: latest.get(task.id),
  }));
  return groupBy(states, ({ task }) => task.round_id);
}

export function totalsOf(states: readonly Pick<TaskState, "outcome" | "started">[]): Totals {
  const totals = noTotals();
  for (const { outcome, started } of states) count(totals, outcome, started);
  return totals;
}
