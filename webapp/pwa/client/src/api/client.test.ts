import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, ApiError, NetworkError, onSignedOut, retryAfter } from "./client";

const fetched = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200, type = "application/json", headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": type, ...headers } });
const problem = (status: number, code: string, more = {}, headers = {}) =>
  json({ code, ...more }, status, "application/problem+json", headers);

beforeEach(() => vi.stubGlobal("fetch", fetched));
afterEach(() => {
  vi.unstubAllGlobals();
  fetched.mockReset();
});

async function refusal(): Promise<unknown> {
  return api.get("/api/session").then(
    () => null,
    (error: unknown) => error,
  );
}

describe("an answer of ours", () => {
  it("is given as it is, and the query is escaped", async () => {
    fetched.mockResolvedValue(json({ total: 3 }));
    expect(await api.get("/api/x", { query: { q: "a&b", page: 1, none: null } })).toEqual({ total: 3 });
    expect(fetched.mock.calls[0][0]).toBe("/api/x?q=a%26b&page=1");
  });

  it("may be empty", async () => {
    fetched.mockResolvedValue(new Response(null, { status: 204 }));
    expect(await api.delete("/api/session")).toBeUndefined();
  });

  it("is skipped when nothing has changed", async () => {
    fetched.mockResolvedValue(new Response(null, { status: 304 }));
    expect(await api.getIfChanged("/api/board", '"a"')).toEqual({ changed: false });
    expect(new Headers(fetched.mock.calls[0][1]?.headers).get("If-None-Match")).toBe('"a"');
  });

  it("carries bytes as bytes and JSON as JSON", async () => {
    fetched.mockImplementation(async () => json({}));
    await api.put("/api/photos/1", new ArrayBuffer(3), { headers: { "Repr-Digest": "x" } });
    await api.post("/api/x", { a: 1 });
    const types = fetched.mock.calls.map(([, init]) => new Headers(init?.headers).get("Content-Type"));
    expect(types).toEqual(["application/octet-stream", "application/json"]);
  });
});

describe("a refusal", () => {
  it("names its code, its fields and how long to wait", async () => {
    fetched.mockResolvedValue(problem(429, "too_many_requests", { fields: { a: ["b"] } }, { "Retry-After": "7" }));
    const error = (await refusal()) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect([error.code, error.retryAfterSeconds, error.fields]).toEqual(["too_many_requests", 7, { a: ["b"] }]);
  });

  it("tells once the session is over, but not for a wrong password", async () => {
    const hook = vi.fn();
    onSignedOut(hook);
    fetched.mockResolvedValueOnce(problem(401, "sign_in_failed"));
    await refusal();
    expect(hook).not.toHaveBeenCalled();
    fetched.mockResolvedValueOnce(problem(401, "unauthenticated"));
    await refusal();
    expect(hook).toHaveBeenCalledOnce();
  });

  it("by a proxy in front of us means busy", async () => {
    fetched.mockResolvedValue(new Response("<h1>502</h1>", { status: 502 }));
    expect(((await refusal()) as ApiError).code).toBe("busy");
  });
});

describe("what is not ours", () => {
  it.each([
    ["a captive portal's page", new Response("<html>", { headers: { "Content-Type": "text/html" } })],
    ["a cut body", new Response('{"a":', { headers: { "Content-Type": "application/json" } })],
    ["a bare 200", new Response(null, { status: 200 })],
    ["a portal's 511", new Response("", { status: 511 })],
  ])("%s never counts", async (_, response) => {
    fetched.mockResolvedValue(response);
    expect(((await refusal()) as NetworkError).reason).toBe("foreign");
  });

  it("a refused connection or a redirect is the network's", async () => {
    fetched.mockRejectedValue(new TypeError("Failed to fetch"));
    expect(((await refusal()) as NetworkError).reason).toBe("offline");
  });

  it("a server that is silent for too long is given up", async () => {
    vi.useFakeTimers();
    fetched.mockImplementation((_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error()))));
    const waiting = refusal();
    await vi.advanceTimersByTimeAsync(30_000);
    vi.useRealTimers();
    expect(((await waiting) as NetworkError).reason).toBe("timeout");
  });

  it("the caller's own abort is passed on", async () => {
    const control = new AbortController();
    control.abort(new Error("mine"));
    fetched.mockRejectedValue(new Error("aborted"));
    await expect(api.get("/api/x", { signal: control.signal })).rejects.toThrow("mine");
  });
});

describe("Retry-After", () => {
  it.each([
    ["12", 12],
    ["Tue, 10 Nov 2026 00:00:30 GMT", 30],
    ["Mon, 09 Nov 2026 00:00:00 GMT", 0],
    ["soon", null],
    [null, null],
  ])("%s is %s seconds", (header, seconds) => {
    expect(retryAfter(header, Date.parse("2026-11-10T00:00:00Z"))).toBe(seconds);
  });
});
