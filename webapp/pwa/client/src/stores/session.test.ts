import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SessionAnswer } from "../api/types";

const answer: SessionAnswer = {
  user: { id: 7, login: "wang", name: "王海", name_en: "Wang Hai", language: "en", is_admin: false },
  contracts: [contract(1, "A-1", ["view", "inspect"]), contract(2, "B-2", ["view", "review"])],
  session: { id: 3, device_name: "Android · Chrome" },
};
const fetched = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200, type = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
const refused = (code: string) => json({ code }, 401, "application/problem+json");
const noNetwork = () => Promise.reject(new TypeError("Failed to fetch"));

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 (Linux; Android 14) Chrome/130 Safari/537" });
  vi.stubGlobal("document", { documentElement: { lang: "", dataset: {} }, querySelectorAll: () => [] });
  vi.stubGlobal("fetch", fetched);
  fetched.mockReset();
});
afterEach(() => vi.unstubAllGlobals());

/** The app as it is after a start from nothing but what localStorage holds. */
async function coldStart(options?: { ask: boolean }) {
  vi.resetModules();
  const { session } = await import("./session.svelte");
  await session.start(options);
  return session;
}

async function signedIn() {
  fetched.mockImplementationOnce(async () => refused("unauthenticated"));
  const session = await coldStart();
  fetched.mockImplementationOnce(async () => json(answer, 201));
  await session.signIn("wang", "right");
  return session;
}

describe("the session", () => {
  it("asks for the password over what is shown once a change was refused, but not for what was only read", async () => {
    const session = await signedIn();
    const { api } = await import("../api/client");
    fetched.mockImplementation(async () => refused("unauthenticated"));
    await api.get("/api/contracts/A-1/rounds").catch(() => null);
    expect([session.state, session.asks]).toEqual(["expired", false]);
    await api.patch("/api/contracts/A-1/devices/4", { name: "电视" }).catch(() => null);
    expect([session.state, session.asks]).toEqual(["expired", true]);
    fetched.mockImplementation(async () => json(answer, 201));
    await session.signIn("wang", "right");
    expect([session.state, session.asks]).toEqual(["in", false]);
  });

  it("is out for a stranger, with or without a network", async () => {
    fetched.mockImplementationOnce(async () => refused("unauthenticated"));
    expect((await coldStart()).state).toBe("out");
    fetched.mockImplementationOnce(noNetwork);
    expect((await coldStart()).state).toBe("out");
  });

  it("asks nobody on the sign-in screen, unless someone was signed in", async () => {
    expect((await coldStart({ ask: false })).state).toBe("out");
    expect(fetched).not.toHaveBeenCalled();
    await signedIn();
    fetched.mockImplementationOnce(async () => json(answer));
    expect((await coldStart({ ask: false })).state).toBe("in");
    expect(fetched).toHaveBeenCalledTimes(3);
  });

  it("names the device, and takes the user's language", async () => {
    const session = await signedIn();
    expect(JSON.parse(String(fetched.mock.calls[1][1]?.body))).toEqual({
      login: "wang",
      password: "right",
      device_name: "Android · Chrome",
    });
    expect([session.state, session.user?.name, document.documentElement.lang]).toEqual(["in", "王海", "en"]);
  });

  it("lands in the app at a cold start without a network", async () => {
    await signedIn();
    fetched.mockImplementationOnce(noNetwork);
    const session = await coldStart();
    expect([session.state, session.user?.id, session.reachable]).toEqual(["in", 7, false]);
  });

  it("that is over keeps the user, and asks for the password", async () => {
    await signedIn();
    fetched.mockImplementationOnce(async () => refused("unauthenticated"));
    const session = await coldStart();
    expect([session.state, session.user?.login]).toEqual(["expired", "wang"]);
  });

  it("is not ended by a captive portal or a server in trouble", async () => {
    await signedIn();
    fetched.mockImplementationOnce(async () => new Response("<html>", { headers: { "Content-Type": "text/html" } }));
    expect((await coldStart()).state).toBe("in");
    fetched.mockImplementationOnce(async () => json({ code: "unexpected" }, 500, "application/problem+json"));
    expect((await coldStart()).state).toBe("in");
  });

  it("keeps the chosen contract, and its rights count", async () => {
    const session = await signedIn();
    expect([session.contract?.code, session.can("inspect")]).toEqual(["A-1", true]);
    session.chooseContract("B-2");
    expect([session.can("inspect"), session.path("rounds")]).toEqual([false, "/api/contracts/B-2/rounds"]);
    fetched.mockImplementationOnce(noNetwork);
    expect((await coldStart()).contract?.code).toBe("B-2");
  });

  it("that was signed out without a network is not taken up again", async () => {
    const before = await signedIn();
    fetched.mockImplementationOnce(noNetwork);
    await before.signOut();
    fetched.mockImplementation(noNetwork);
    expect((await coldStart()).state).toBe("out");
    fetched.mockReset();
    fetched.mockImplementationOnce(async () => new Response(null, { status: 204 }));
    fetched.mockImplementationOnce(async () => refused("unauthenticated"));
    expect((await coldStart()).state).toBe("out");
    expect(fetched.mock.calls.map(([, init]) => init?.method)).toEqual(["DELETE", "GET"]);
  });
});

function contract(id: number, code: string, rights: string[]) {
  const names = { name_zh: code, name_en: code, client_zh: "", client_en: "" };
  return { id, code, ...names, time_zone: "Asia/Shanghai", role: "on_site_engineer", rights };
}
