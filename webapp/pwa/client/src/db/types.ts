/** What the phone keeps of its own: drafts, finished inspections, photos, the outbox. */
import type {
  CaseOpenPayload,
  CaseStepPayload,
  HoursLogPayload,
  ExceptionPayload,
  FindingPayload,
  InspectionPayload,
  OperationEnvelope,
  ScanResult,
  SelfCheckPayload,
} from "../api/wire";
import type { Outcome, Value } from "../rules/verdict";

/** One item's answer as it is being given; the verdict is reckoned, never stored in a draft. */
export interface Answer {
  value: Value;
  cause: string;
  action: string;
  remark: string;
  /** Fixed and retested before leaving (clause 18): goes to the device record only. */
  fixed: boolean;
  /** "All OK" gave it, and nobody has touched it since; absent in what an older app has kept. */
  bulk?: boolean;
}

export interface OpenItemAnswer {
  answer: "still" | "solved";
  remark: string;
}

/** An inspection that is under way: one per task, kept at every touch. */
export interface Draft {
  task_id: number;
  /** The uid that the inspection will have, or has when this amends it. */
  uid: string;
  /** The number of the checklist version that the answers belong to. */
  checklist: number;
  started_at: string;
  /** Grows with every save, so that finishing can tell whether it saw the last one. */
  version: number;
  saved_at: string;
  /** The revision that this amends; null for a first inspection. */
  amends: number | null;
  scanned_code: string | null;
  bulk_ok: boolean;
  dwell_seconds: number;
  answers: Record<string, Answer>;
  remark: string;
  /** Quantity by consumable's key. */
  consumables: Record<string, number>;
  findings: FindingPayload[];
  /** By the open item's number. */
  open_items: Record<number, OpenItemAnswer>;
  /** The photos of the inspection, in order. */
  photo_ids: string[];
  exception: ExceptionPayload | null;
}

/** A change to a draft: answers, consumables and open items are merged by key, null removes one. */
export interface DraftPatch {
  answers?: Record<string, Partial<Answer> | null>;
  consumables?: Record<string, number | null>;
  open_items?: Record<number, Partial<OpenItemAnswer> | null>;
  findings?: FindingPayload[];
  remark?: string;
  scanned_code?: string | null;
  bulk_ok?: boolean;
  /** Seconds to add to those spent on the inspection so far. */
  add_dwell_seconds?: number;
  exception?: ExceptionPayload | null;
}

/**
 * Where a finished inspection stands: `saved` on this phone · `sent`: the server has the record,
 * photos are on their way · `accepted`: the server has everything · `incomplete`: the record is
 * there, but a photo of it is damaged or gone from this phone, for ever · `quarantined`: it is
 * with the supervisor · `dismissed`: he has set it aside, it doesn't count · `conflict`: the server keeps both versions, the supervisor picks.
 */
export type RecordState =
  | "saved"
  | "sent"
  | "accepted"
  | "incomplete"
  | "quarantined"
  | "dismissed"
  | "conflict";

/** A finished inspection; it stays until its round is accepted, and 14 days at least. */
export interface InspectionRecord {
  uid: string;
  task_id: number;
  round_id: number;
  room_id: number;
  device_id: number | null;
  /** The last revision, as it was or will be sent. */
  payload: InspectionPayload;
  /** The phone's own verdict; the server makes its own. */
  verdict: Outcome;
  /** The revision that `payload` is: 1, and one more for each amendment. */
  revision: number;
  state: RecordState;
  /** The server's code of why it was quarantined or in conflict, where it said one. */
  code: string;
  detail: Record<string, unknown>;
  /** The operations that carried it, oldest first. */
  operation_ids: string[];
  saved_at: string;
  /** When the server acknowledged the record, by the server's clock. */
  acknowledged_at: string | null;
}

/**
 * `draft`: taken, its inspection is not finished · `waiting`: to be sent after its inspection ·
 * `sent`: the server has it, byte for byte · `damaged`: the stored bytes are not what was taken ·
 * `gone`: the bytes are no longer on this phone · `refused`: the server will not take it ·
 * `withdrawn`: an amendment left it out · `elsewhere`: the server has it from another phone, and
 * an amendment that was begun here names it.
 */
export type PhotoState =
  | "draft"
  | "waiting"
  | "sent"
  | "damaged"
  | "gone"
  | "refused"
  | "withdrawn"
  | "elsewhere";

/** What a photo shows: an item, a finding, an open item, or (all null) the whole. */
export interface PhotoTarget {
  item: string | null;
  finding: string | null;
  open_item: number | null;
}

/** A photo without its bytes; those are in `blobs`, its thumbnail in `thumbs`. */
export interface PhotoInfo extends PhotoTarget {
  id: string;
  task_id: number;
  /** The inspection that it belongs to, or what was done with a case; of these the task is 0. */
  uid: string;
  state: PhotoState;
  sha256: string;
  bytes: number;
  type: string;
  width: number;
  height: number;
  taken_at: string;
  /** When it was taken off a draft, or the draft was discarded: it can be brought back for a while. */
  removed_at?: string;
  code: string;
  attempts: number;
  /** Not before this time (ms since 1970); 0 for at once. */
  next_try_at: number;
}

/** Bytes as they are kept: never a Blob or File, which WebKit loses. */
export interface StoredBytes {
  id: string;
  buf: ArrayBuffer;
  type: string;
}

export interface Thumb extends StoredBytes {
  /** `own`: of a photo taken here · `server`: of an earlier month, or one that was sent back. */
  source: "own" | "server";
  /** The server has no picture of it: it is not asked again. */
  absent?: boolean;
}

/**
 * Where a self-check stands that was signed here: `saved` on this phone · `sent`: the server keeps
 * it until the records have come that it is about · `accepted`: it is signed on the server ·
 * `quarantined`, `conflict`: it is with the supervisor.
 */
export type SelfCheckState = "saved" | "sent" | "accepted" | "quarantined" | "conflict";

/** A room's self-check, signed on this phone; it stays until its round is accepted, and 14 days. */
export interface SelfCheck {
  uid: string;
  round_id: number;
  room_id: number;
  /** What was signed: the revision of every inspection that was seen, as it was or will be sent. */
  payload: SelfCheckPayload;
  state: SelfCheckState;
  code: string;
  operation_id: string;
  saved_at: string;
  /** When the server acknowledged it, by the server's clock. */
  acknowledged_at: string | null;
}

/** Where what was done with a case here stands; the words are those of a self-check. */
export type CaseWorkState = "saved" | "accepted" | "quarantined" | "conflict";

/** A fault that was declared on this phone, a step of a case that was taken on it, or hours that were logged. */
export type CaseWork = {
  /** The uid that the case, or the line of its timeline, has on the server. */
  uid: string;
  case_uid: string;
  /** Where what was typed goes back to when it is undone. */
  draft_key: string;
  state: CaseWorkState;
  code: string;
  operation_id: string;
  saved_at: string;
  acknowledged_at: string | null;
  /** A pull has come since the server took it: its rows say all that this did. */
  told: boolean;
} & (
  | { kind: "case_open"; payload: CaseOpenPayload }
  | { kind: "case_step"; payload: CaseStepPayload }
  | { kind: "hours_log"; payload: HoursLogPayload }
);

/** What is being typed for a step or a new fault, kept at every touch. */
export interface CaseDraft {
  /** `<case uid>/<step>`, or `declare/<what it is declared of>`. */
  key: string;
  /** The uid that it will have. */
  uid: string;
  values: Record<string, string>;
  photo_ids: string[];
  saved_at: string;
}

/** `waiting`: to be sent · `done`: acknowledged · `refused`: too large for the server, kept. */
export type OperationState = "waiting" | "done" | "refused";

/** An envelope of the outbox: opaque, never changed once it was saved. */
export interface Operation extends OperationEnvelope {
  /** The uid of the inspection, the scan, the self-check, or what was done with a case. */
  uid: string;
  state: OperationState;
  /** Milliseconds since 1970. */
  made_at: number;
  /** Until then it may be undone and is not sent (ms since 1970). */
  hold_until: number;
  /** When it last left the phone; null while it never did, and may be undone. */
  attempted_at: number | null;
  attempts: number;
  result: string;
  code: string;
  /** When the server acknowledged it, by the server's clock. */
  acknowledged_at?: string;
  /** What undoing brings back; dropped with the acknowledgement. */
  undo: { draft: Draft; record: InspectionRecord | null } | null;
}

export interface Scan {
  uid: string;
  code: string;
  device_id: number | null;
  result: ScanResult;
  at: string;
}

export type SyncPhase = "idle" | "sending" | "pulling" | "waiting" | "offline" | "paused";

/** What the engine last reported; shared by every tab and the service worker. */
export interface EngineStatus {
  phase: SyncPhase;
  /** Why it is paused: the password is wanted, the contract is closed to us, or another's session. */
  paused: "sign_in" | "no_access" | "other_user" | null;
  /** What is being sent, as "37 of 212 photos". */
  progress: { what: "records" | "photos" | "pictures"; done: number; total: number } | null;
  /** When the next attempt is due (ms since 1970). */
  retry_at: number | null;
  /** The last failure's code, '' when the last attempt went well. */
  error: string;
  error_at: string | null;
  /** When the server last answered as itself. */
  last_answer_at: string | null;
  /** The queue has stood still for minutes while the phone is online. */
  stuck: boolean;
}

/** A line of the sync log. */
export interface SyncEvent {
  n?: number;
  at: string;
  what: string;
  detail: Record<string, unknown>;
}

export interface Space {
  used_bytes: number;
  quota_bytes: number;
  /** Whether the browser has promised not to clear it by itself. */
  persisted: boolean;
}

/** Single facts, by key. */
export interface MetaValues {
  phone_id: string;
  canary: string;
  cursor: number;
  epoch: string;
  /** The highest head that the server has told; a lower one means an older backup. */
  head: number;
  /** The server was restored: everything held is offered again. */
  reoffer: boolean;
  /** The server's time of its last answer. */
  server_time: string;
  /** When the server's time found a round first missing, by its id: for the retention. */
  rounds_gone: Record<number, string>;
  /** The sender's sign of life (ms since 1970). */
  beat: number;
  /** When the round's data was last complete on this phone. */
  ready_at: string;
  /** Changes with every pull that brought something. */
  rows_stamp: string;
  /** Server time minus phone time, in milliseconds. */
  clock_offset_ms: number;
  /** The open round that was chosen at the home; without it, and once it is closed, what is next. */
  round: number;
  evicted_at: string | null;
  space: Space;
  engine: EngineStatus;
  /** Rows that the server has dropped while unsent work still needs them, by table. */
  kept_gone: Record<string, (number | string)[]>;
}

export interface MetaRow {
  key: keyof MetaValues;
  value: unknown;
}
