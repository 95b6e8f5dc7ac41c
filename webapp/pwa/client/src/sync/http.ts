/**
 * Asking the server, and believing nobody else. An answer counts only when it is our own JSON
 * envelope, whole; a bare 200, a page of HTML, a redirect or a cut-off body is nobody's word.
 * No DOM in here: it runs in the page and in the service worker.
 */
import { retryAfter } from "../api/client";
import { ENVELOPE } from "../api/wire";

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/**
 * `offline`: nobody answered · `timeout` · `foreign`: somebody else did · `busy`: our server or its
 * proxy asks to wait · `refused`: our server's own refusal, with its code.
 */
export type FailureReason = "offline" | "timeout" | "foreign" | "busy" | "refused";

export class SyncFailure extends Error {
  readonly reason: FailureReason;
  readonly status: number;
  readonly code: string;
  /** How long the server asks to wait; null when it does not. */
  readonly waitSeconds: number | null;

  constructor(reason: FailureReason, status = 0, code = "", waitSeconds: number | null = null) {
    super(code || reason);
    this.name = "SyncFailure";
    this.reason = reason;
    this.status = status;
    this.code = code;
    this.waitSeconds = waitSeconds;
  }
}

export interface Ask {
  method: "GET" | "POST" | "PUT";
  path: string;
  body?: string | ArrayBuffer;
  headers?: Record<string, string>;
  timeoutSeconds: number;
}

const MAX_WAIT_SECONDS = 3600;
const BUSY = new Set([429, 502, 503, 504, 507]);

/** The server's answer as an object, of which only the JSON shape is sure. @throws SyncFailure */
export async function askJson(fetch: Fetch, ask: Ask): Promise<Record<string, unknown>> {
  return withResponse(fetch, ask, async (response) => {
    if (contentType(response) !== "application/json") throw new SyncFailure("foreign", response.status);
    const answer: unknown = JSON.parse(await response.text());
    if (typeof answer !== "object" || answer === null) throw new SyncFailure("foreign", response.status);
    return answer as Record<string, unknown>;
  });
}

/** As `askJson`, of an answer of sync: our envelope with epoch and head. @throws SyncFailure */
export async function askEnvelope<Answer>(fetch: Fetch, ask: Ask): Promise<Answer> {
  const answer = await askJson(fetch, ask);
  const ours =
    answer["envelope"] === ENVELOPE &&
    typeof answer["epoch"] === "string" &&
    typeof answer["head"] === "number";
  if (!ours) throw new SyncFailure("foreign", 200);
  return answer as Answer;
}

/** Pictures by their names, as the parts of a form; an empty one says that there is none. @throws SyncFailure */
export async function askPictures(fetch: Fetch, path: string): Promise<Map<string, Blob>> {
  const ask: Ask = { method: "GET", path, timeoutSeconds: 60, headers: { Accept: "multipart/form-data" } };
  return withResponse(fetch, ask, async (response) => {
    if (contentType(response) !== "multipart/form-data") throw new SyncFailure("foreign", response.status);
    const parts = [...(await response.formData())];
    return new Map(parts.filter((part): part is [string, File] => typeof part[1] !== "string"));
  });
}

/** The timer runs until the body is read: a stalled answer is none. */
async function withResponse<Result>(
  fetch: Fetch,
  ask: Ask,
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ask.timeoutSeconds * 1000);
  try {
    const response = await fetch(ask.path, {
      method: ask.method,
      body: ask.body ?? null,
      headers: { Accept: "application/json, application/problem+json", ...ask.headers },
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal: abort.signal,
    });
    if (response.status !== 200 || response.redirected) throw await failureOf(response);
    return await read(response);
  } catch (error) {
    if (error instanceof SyncFailure) throw error;
    if (abort.signal.aborted) throw new SyncFailure("timeout");
    // A body that breaks off ends in a TypeError or a SyntaxError; so does no network at all.
    throw new SyncFailure(error instanceof SyntaxError ? "foreign" : "offline");
  } finally {
    clearTimeout(timer);
  }
}

async function failureOf(response: Response): Promise<SyncFailure> {
  const { status } = response;
  const wait = waitSeconds(response);
  const code = contentType(response) === "application/problem+json" ? await codeOf(response) : "";
  if (BUSY.has(status)) return new SyncFailure("busy", status, code || "busy", wait);
  if (code) return new SyncFailure("refused", status, code, wait);
  // A proxy before the server may cut a body that is too large without our problem+json.
  if (status === 413) return new SyncFailure("refused", status, "too_large", wait);
  return new SyncFailure("foreign", status, "", wait);
}

async function codeOf(response: Response): Promise<string> {
  const problem = JSON.parse(await response.text()) as { code?: unknown };
  return typeof problem.code === "string" ? problem.code : "";
}

/** A date is read against the server's own clock where it tells it: the phone's may be years off. */
function waitSeconds(response: Response): number | null {
  const told = Date.parse(response.headers.get("Date") ?? "");
  const now = Number.isNaN(told) ? Date.now() : told;
  const seconds = retryAfter(response.headers.get("Retry-After"), now);
  return seconds === null ? null : Math.min(seconds, MAX_WAIT_SECONDS);
}

function contentType(response: Response): string {
  return response.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}
