import { expect, test } from "vitest";
import { places } from "./places";

test("each place has a key of its own", () => {
  const keys = places.flatMap((group) => group.places.map((place) => place.key));
  expect([...new Set(keys)]).toEqual(keys);
});
