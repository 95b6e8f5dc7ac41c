import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { session } from "../../../stores/session.svelte";
import { lookups } from "./lookups.svelte";

const fetched = vi.fn<typeof fetch>();
const json = (body: unknown) => new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } });
const down = () => new Response("bad gateway", { status: 502, headers: { "Content-Type": "text/html" } });

function inContract(code: string | null): void {
  const user = { id: 7, login: "wang", name: "王海", name_en: "", language: "zh", is_admin: false };
  const contracts = code === null ? [] : [{ code }];
  session.answer = { user, contracts, session: { id: 3, device_name: "" } } as unknown as typeof session.answer;
}

/** The server is there but for the first `failures` times that it is asked for rounds. */
function serve(failures: number): void {
  let asked = 0;
  fetched.mockImplementation(async (path) => {
    if (!String(path).endsWith("/rounds")) return json(String(path).endsWith("/estate") ? { buildings: [] } : []);
    return asked++ < failures ? down() : json([{ month: "2027-03" }]);
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  fetched.mockReset();
  inContract(null);
  lookups.load();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a request that failed is no word about the rounds, and is asked again by itself", async () => {
  serve(2);
  inContract("A-1");
  lookups.load();
  await vi.advanceTimersByTimeAsync(0);
  expect([lookups.roundsKnown, lookups.roundsError]).toEqual([false, expect.objectContaining({ code: "busy" })]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([lookups.roundsKnown, lookups.months]).toEqual([false, []]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([lookups.roundsKnown, lookups.roundsError, lookups.months]).toEqual([true, null, ["2027-03"]]);
});

it("another contract is not told what was asked of the one before", async () => {
  serve(99);
  inContract("A-1");
  lookups.load();
  await vi.advanceTimersByTimeAsync(0);
  serve(0);
  inContract("B-2");
  lookups.load();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(fetched.mock.calls.filter(([path]) => String(path).endsWith("/rounds")).map(([path]) => path)).toEqual([
    "/api/contracts/A-1/rounds",
    "/api/contracts/B-2/rounds",
  ]);
});

it("without a contract nothing is asked", async () => {
  serve(0);
  inContract("A-1");
  lookups.load();
  await vi.advanceTimersByTimeAsync(0);
  fetched.mockClear();
  inContract(null);
  lookups.load();
  await vi.advanceTimersByTimeAsync(20_000);
  expect([fetched.mock.calls.length, lookups.roundsKnown, lookups.months]).toEqual([0, false, []]);
});
