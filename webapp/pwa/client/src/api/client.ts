/**
 * The one way to the server: typed, same-origin, and wary of who answers.
 *
 * An answer counts only when it is our own JSON. A captive portal's page, a redirect or a body
 * that was cut off is the network's fault (`NetworkError`), never the server's word.
 */

/** A refusal by our server: `code` is a key of its catalogue, `error.<code>` its text. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** Codes by the path of the field that was wrong. */
  readonly fields: Record<string, string[]>;
  readonly requestId: string;
  /** Seconds that the server asks to wait, where it does. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds: number | null = null) {
    super(problem.code ?? `http_${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "unexpected";
    this.details = problem.details ?? {};
    this.fields = problem.fields ?? {};
    this.requestId = problem.request_id ?? "";
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nobody that we trust has answered: `offline`, `timeout`, or `foreign` (another's page). */
export class NetworkError extends Error {
  readonly reason: "offline" | "timeout" | "foreign";

  constructor(reason: NetworkError["reason"]) {
    super(reason);
    this.name = "NetworkError";
    this.reason = reason;
  }
}

interface Problem {
  code: string;
  details: Record<string, unknown>;
  fields: Record<string, string[]>;
  request_id: string;
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutSeconds?: number;
}

const TIMEOUT_SECONDS = 30;
let signedOut: ((method: string) => void) | null = null;

/** Tells once a request was refused because the session is over. */
export function onSignedOut(hook: (method: string) => void): void {
  signedOut = hook;
}

export const api = {
  get: <Answer>(path: string, options?: RequestOptions) =>
    request<Answer>("GET", path, undefined, options),
  post: <Answer>(path: string, body?: unknown, options?: RequestOptions) =>
    request<Answer>("POST", path, body ?? {}, options),
  put: <Answer>(path: string, body?: unknown, options?: RequestOptions) =>
    request<Answer>("PUT", path, body, options),
  patch: <Answer>(path: string, body?: unknown, options?: RequestOptions) =>
    request<Answer>("PATCH", path, body ?? {}, options),
  delete: <Answer = void>(path: string, options?: RequestOptions) =>
    request<Answer>("DELETE", path, undefined, options),
  getIfChanged,
  upload,
};

/** Posts a file, telling how many of its bytes have left; only an XMLHttpRequest can tell. */
async function upload<Answer>(
  path: string,
  file: Blob,
  options: { query?: RequestOptions["query"]; method?: "POST" | "PUT"; onprogress?: (sentBytes: number) => void } = {},
): Promise<Answer> {
  const request = new XMLHttpRequest();
  request.open(options.method ?? "POST", withQuery(path, options.query));
  request.responseType = "blob";
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.setRequestHeader("Accept", "application/json, application/problem+json");
  request.upload.onprogress = (event) => options.onprogress?.(event.loaded);
  await new Promise<void>((resolve, reject) => {
    request.onload = () => resolve();
    request.onerror = request.onabort = () => reject(new NetworkError("offline"));
    request.send(file);
  });
  const headers: Record<string, string> = {};
  for (const name of ["Content-Type", "Retry-After"]) {
    const value = request.getResponseHeader(name);
    if (value !== null) headers[name] = value;
  }
  // An answer without a body may not be given one.
  const body = request.status === 204 ? null : (request.response as Blob);
  return accept<Answer>(new Response(body, { status: request.status, headers }), "POST");
}

/** Reads a resource again only when it has changed since `etag`. */
async function getIfChanged<Answer>(
  path: string,
  etag: string | null,
  options: RequestOptions = {},
): Promise<{ changed: false } | { changed: true; etag: string | null; data: Answer }> {
  const headers = etag ? { ...options.headers, "If-None-Match": etag } : options.headers;
  const response = await send("GET", path, undefined, { ...options, headers });
  if (response.status === 304) return { changed: false };
  return { changed: true, etag: response.headers.get("ETag"), data: await accept(response) };
}

async function request<Answer>(
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions = {},
): Promise<Answer> {
  return accept<Answer>(await send(method, path, body, options), method);
}

async function send(
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions,
): Promise<Response> {
  const limit = deadline(options);
  try {
    return await fetch(withQuery(path, options.query), {
      method,
      signal: limit.signal,
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      ...encode(body, options.headers),
    });
  } catch {
    if (options.signal?.aborted) throw options.signal.reason;
    throw new NetworkError(limit.signal.aborted ? "timeout" : "offline");
  } finally {
    limit.clear();
  }
}

/** A signal for the caller's own abort and the time limit; older phones lack `AbortSignal.any`. */
function deadline(options: RequestOptions): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, (options.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000);
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  const clear = () => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
  };
  return { signal: controller.signal, clear };
}

async function accept<Answer>(response: Response, method = "GET"): Promise<Answer> {
  if (response.status === 204) return undefined as Answer;
  const type = response.headers.get("Content-Type")?.split(";")[0].trim() ?? "";
  if (response.ok && type === "application/json") return (await readJson(response)) as Answer;
  if (type !== "application/problem+json") throw foreign(response);
  const problem = (await readJson(response)) as Partial<Problem>;
  if (response.status === 401 && problem.code === "unauthenticated") signedOut?.(method);
  throw new ApiError(response.status, problem, retryAfter(response.headers.get("Retry-After")));
}

/** A proxy that reports our server as down is no captive portal, but no answer of ours either. */
function foreign(response: Response): Error {
  const down = [429, 502, 503, 504].includes(response.status);
  if (!down) return new NetworkError("foreign");
  const wait = retryAfter(response.headers.get("Retry-After"));
  return new ApiError(response.status, { code: "busy" }, wait);
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new NetworkError("foreign");
  }
}

/** Seconds from a Retry-After header, which may be a number of them or a date. */
export function retryAfter(header: string | null, now = Date.now()): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1000));
}

function encode(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const accepted = { Accept: "application/json, application/problem+json", ...headers };
  if (body === undefined) return { headers: accepted };
  const raw = body instanceof ArrayBuffer || body instanceof Blob || ArrayBuffer.isView(body);
  if (raw) {
    const bytes = { "Content-Type": "application/octet-stream", ...accepted };
    return { headers: bytes, body: body as BodyInit };
  }
  const json = { "Content-Type": "application/json", ...accepted };
  return { headers: json, body: JSON.stringify(body) };
}

function withQuery(path: string, query: RequestOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}
