import { expect, it } from "vitest";
import type { Resolved } from "../../../db";
import { loggedAs, meaningOf } from "./scan";

const code = "D6GR34Z8";
const device = (room: number, task: object | null, outcome: string | null) =>
  ({ kind: "device", code, device: { room_id: room }, task, outcome }) as unknown as Resolved;

it.each([
  [device(1, {}, "todo"), 1, "expected"],
  [device(1, {}, "todo"), null, "expected"],
  [device(1, {}, "normal"), 1, "done"],
  [device(2, {}, "todo"), 1, "unexpected"],
  [device(1, null, null), 1, "not_in_round"],
  [{ kind: "revoked", code, device: null } as Resolved, 1, "revoked"],
  [{ kind: "unknown", code } as Resolved, 1, "foreign"],
  [{ kind: "unbound", code } as Resolved, 1, "foreign"],
  [{ kind: "foreign" } as Resolved, 1, "other"],
] as const)("tells labels apart: %#", (resolved, room, meaning) => {
  expect(meaningOf(resolved, room)).toBe(meaning);
});

it("logs what was a label, in the server's words", () => {
  expect(loggedAs("not_in_round")).toBe("unexpected");
  expect(loggedAs("expected")).toBe("expected");
  expect(loggedAs("other")).toBeNull();
});
