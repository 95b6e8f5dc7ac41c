/** Sending the outbox: in batches, one answer per operation. */
import type { OperationAnswer, PushAnswer, PushBody } from "../api/wire";
import { ENVELOPE } from "../api/wire";
import { logEvent, reportEngine } from "../db/meta";
import {
  failingOperations,
  leave,
  nextOperations,
  noteAnswers,
  noteNews,
  noteProblem,
  noteRefused,
  quarantinedOperations,
} from "../db/outbox";
import type { Operation } from "../db/types";
import { unsentCount } from "../db/unsent";
import { askServer, contractPath, JSON_BODY, type SyncContext } from "./context";
import { SyncFailure } from "./http";
import { phoneReport } from "./report";

const MOST_OPERATIONS = 100;
const MOST_CHARS = 1_000_000;
const TIMEOUT_SECONDS = 60;
const RESULTS = new Set(["applied", "duplicate", "conflict", "quarantined", "retry"]);
/** After so many operations that the server fails on one by one, it is the server that is ill. */
const MOST_FAILURES = 3;

/** `stuck`: why the server took none of the last that were tried one by one; null when none is stuck. */
interface Pushed {
  acknowledged: number;
  stuck: SyncFailure | null;
}

/**
 * Sends all that is waiting, each operation once a run; what the server has failed on before comes last.
 *
 * @throws SyncFailure when the run must end
 */
export async function pushOutbox(context: SyncContext): Promise<Pushed> {
  const failing = await failingOperations(context.db);
  const tried = new Set(failing);
  const first = await pushAll(context, tried);
  if (first.stuck || failing.length === 0) return first;
  failing.forEach((id) => tried.delete(id));
  const last = await pushAll(context, tried);
  return { acknowledged: first.acknowledged + last.acknowledged, stuck: last.stuck };
}

/** @param tried what is not to be sent; what was sent is added */
async function pushAll(context: SyncContext, tried: Set<string>): Promise<Pushed> {
  const { db } = context;
  let limit = MOST_OPERATIONS;
  let acknowledged = 0;
  let failures = 0;
  for (;;) {
    if (context.stopped()) return { acknowledged, stuck: null };
    const now = context.everything ? null : Date.now();
    const batch = await leave(db, await nextOperations(db, tried, now, limit, MOST_CHARS));
    if (batch.length === 0) return { acknowledged, stuck: null };
    try {
      acknowledged += await pushBatch(context, batch, acknowledged);
      batch.forEach((one) => tried.add(one.id));
      failures = 0;
    } catch (error) {
      if (!(error instanceof SyncFailure) || !isTheBatch(error)) throw error;
      if (batch.length > 1) {
        limit = Math.floor(batch.length / 2);
        continue;
      }
      tried.add(batch[0]!.id);
      if (error.status === 413) await refuse(context, batch[0]!, error);
      else await noteProblem(db, batch[0]!.id, error.code || error.reason);
      if (error.status !== 413 && ++failures >= MOST_FAILURES) return { acknowledged, stuck: error };
    }
  }
}

/** Whether a smaller batch may pass where this one did not: too large, or one of it is poison. */
function isTheBatch(failure: SyncFailure): boolean {
  return failure.status === 413 || failure.status === 500 || failure.status === 422;
}

async function refuse(context: SyncContext, operation: Operation, why: SyncFailure): Promise<void> {
  await noteRefused(context.db, operation.id, why.code);
  await logEvent(context.db, "operation_refused", { id: operation.id, code: why.code });
}

/**
 * Asks what has become of what was quarantined: the server answers the same operation with what it
 * says of it now.
 *
 * @throws SyncFailure
 */
export async function askAgain(context: SyncContext): Promise<void> {
  const { db } = context;
  const asked = (await quarantinedOperations(db)).slice(-MOST_OPERATIONS);
  if (asked.length === 0 || context.stopped()) return;
  await context.beat();
  try {
    const answer = await ask(context, asked);
    const news = await noteNews(db, echoed(asked, answer.results), answer.server_time);
    if (news > 0) await logEvent(db, "asked_again", { news });
  } catch (error) {
    // It is a question: what the server can't answer keeps the pull no longer waiting.
    if (!(error instanceof SyncFailure) || !isTheBatch(error)) throw error;
  }
}

function ask(context: SyncContext, batch: readonly Operation[]): Promise<PushAnswer> {
  return bodyOf(context, batch).then((body) =>
    askServer<PushAnswer>(context, {
      method: "POST",
      path: contractPath(context.db, "sync/push"),
      body: JSON.stringify(body),
      headers: JSON_BODY,
      timeoutSeconds: TIMEOUT_SECONDS,
    }),
  );
}

async function pushBatch(
  context: SyncContext,
  batch: readonly Operation[],
  before: number,
): Promise<number> {
  const { db } = context;
  const unsent = await unsentCount(db);
  await reportEngine(db, {
    phase: "sending",
    progress: { what: "records", done: before, total: before + unsent.records + unsent.scans },
  });
  await context.beat();
  const answer = await ask(context, batch);
  const answers = echoed(batch, answer.results);
  if (answers.length === 0) throw new SyncFailure("foreign", 200);
  await noteAnswers(db, answers, answer.server_time);
  await logEvent(db, "pushed", summary(answers));
  return answers.filter((one) => one.result !== "retry").length;
}

/** What is told as unsent is what remains once this batch has come. */
async function bodyOf(context: SyncContext, batch: readonly Operation[]): Promise<PushBody> {
  const inspections = batch.filter((one) => one.kind !== "scan").length;
  const report = await phoneReport(context.db);
  const { records = 0 } = report.unsent;
  return {
    envelope: ENVELOPE,
    ...report,
    unsent: { ...report.unsent, records: Math.max(0, records - inspections) },
    operations: batch.map(({ id, kind, version, payload, hash }) => {
      return { id, kind, version, payload, hash };
    }),
  };
}

/** The answers that name an operation of the batch with its hash; nothing else acknowledges. */
function echoed(batch: readonly Operation[], results: unknown): OperationAnswer[] {
  if (!Array.isArray(results)) return [];
  const hashes = new Map(batch.map((one) => [one.id, one.hash]));
  return (results as OperationAnswer[]).filter(
    (one) =>
      typeof one === "object" &&
      one !== null &&
      hashes.has(one.id) &&
      hashes.get(one.id) === one.hash &&
      RESULTS.has(one.result),
  );
}

function summary(answers: readonly OperationAnswer[]): Record<string, unknown> {
  const counts: Record<string, number> = {};
  for (const { result } of answers) counts[result] = (counts[result] ?? 0) + 1;
  const codes = [...new Set(answers.map((one) => one.code).filter(Boolean))];
  return codes.length > 0 ? { ...counts, codes } : counts;
}
