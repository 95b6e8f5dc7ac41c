/** From a draft to what is sent of it. */
import type {
  ExceptionPayload,
  FindingPayload,
  InspectionPayload,
  PhotoManifest,
  ReadingPayload,
  TaskRow,
} from "../api/wire";
import type { Item, Register } from "../rules/checklist";
import { judgeInspection, judgeReading, type Outcome, type Value, type Verdict } from "../rules/verdict";
import type { Answer, Draft, PhotoInfo } from "./types";

/** What the verdict rule needs beside the draft: the items that are due, and the register. */
export interface Due {
  items: readonly Item[];
  register: Register;
}

export interface Judged {
  verdict: Outcome;
  severity: number | null;
  /** The keys of the abnormal items, and of the required ones without a reading; in order. */
  abnormal: readonly string[];
  unanswered: readonly string[];
  readings: Record<string, Verdict>;
}

/** Judges a draft by the rule that the server has too; a photo item is answered by its photo. */
export function judgeDraft(draft: Draft, photos: readonly PhotoInfo[], due: Due): Judged {
  const readings: Record<string, Verdict> = {};
  for (const item of due.items) {
    const value = valueOf(item, draft.answers[item.key], photos);
    readings[item.key] = judgeReading(item, value, due.register);
  }
  return { ...judgeInspection(due.items, readings, draft.exception !== null), readings };
}

function valueOf(item: Item, answer: Answer | undefined, photos: readonly PhotoInfo[]): Value {
  if (item.kind !== "photo") return answer?.value ?? null;
  return photos.some((photo) => photo.item === item.key) ? true : null;
}

/** The payload of the inspection, or of its amendment, that the draft becomes. */
export function buildPayload(
  draft: Draft,
  task: TaskRow,
  photos: readonly PhotoInfo[],
  due: Due,
  finishedAt: string,
): { payload: InspectionPayload; judged: Judged } {
  const judged = judgeDraft(draft, photos, due);
  const findings = draft.findings.filter((finding) => finding.text.trim() !== "");
  const payload: InspectionPayload = {
    uid: draft.uid,
    round_id: task.round_id,
    room_id: task.room_id,
    device_id: task.device_id,
    checklist: draft.checklist,
    started_at: draft.started_at,
    finished_at: finishedAt,
    scanned_code: draft.scanned_code,
    bulk_ok: draft.bulk_ok,
    dwell_seconds: draft.dwell_seconds,
    readings: due.items.flatMap((item) => reading(item, draft.answers[item.key], judged)),
    remark: draft.remark.trim(),
    consumables: Object.entries(draft.consumables).map(([consumable, quantity]) => ({
      consumable,
      quantity,
    })),
    findings,
    open_items: Object.entries(draft.open_items).map(([number, answer]) => ({
      number: Number(number),
      ...answer,
    })),
    photos: photos.map((photo) => manifest(photo, findings)),
    exception: draft.exception,
    amends: draft.amends,
  };
  return { payload, judged };
}

/** A draft for a task that could not be tested, with what had been answered before. */
export function withException(draft: Draft, exception: ExceptionPayload): Draft {
  return { ...draft, exception, version: draft.version + 1 };
}

function reading(item: Item, answer: Answer | undefined, judged: Judged): ReadingPayload[] {
  const verdict = judged.readings[item.key]!;
  if (!answer && verdict.verdict === "not_tested") return [];
  // The server sees the photo in the manifest; on the wire such a reading has no value.
  const value = item.kind === "photo" ? null : wireValue(answer?.value);
  return [
    {
      item: item.key,
      value,
      verdict: verdict.verdict,
      cause: answer?.cause ?? "",
      action: answer?.action ?? "",
      remark: answer?.remark ?? "",
      fixed: answer?.fixed ?? false,
      bulk: answer?.bulk ?? false,
    },
  ];
}

function wireValue(value: Value): number | string | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "string" && value !== "" ? value : null;
}

/** A photo of a finding that was struck out stays, as one of the whole. */
function manifest(photo: PhotoInfo, findings: readonly FindingPayload[]): PhotoManifest {
  const { id, sha256, bytes, item, open_item, width, height, taken_at } = photo;
  const known = findings.some((candidate) => candidate.uid === photo.finding);
  const finding = known ? photo.finding : null;
  return { id, sha256, bytes, item, finding, open_item, width, height, taken_at };
}
