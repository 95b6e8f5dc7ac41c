import { expect, test } from "vitest";
import { session } from "../../../stores/session.svelte";
import { isOpen, places } from "./places";

test("each place has a key of its own", () => {
  const keys = places.flatMap((group) => group.places.map((place) => place.key));
  expect([...new Set(keys)]).toEqual(keys);
});

test.each([
  [true, ["people", "connections"]],
  [false, ["connections"]],
])("without a contract (administrator: %s) only what needs none is offered", (is_admin, names) => {
  session.answer = { user: { is_admin }, contracts: [] } as unknown as typeof session.answer;
  expect(places.flatMap((group) => group.places).filter(isOpen).map((place) => place.name)).toEqual(names);
});
