import { expect, test } from "vitest";
import { toBytes, toText } from "./passkeys";

test("bytes come back from their text, whatever they are", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 89 + length * 7) % 256);
    const text = toText(bytes.buffer);
    expect(text).toMatch(/^[\w-]*$/);
    expect([...toBytes(text)]).toEqual([...bytes]);
  }
});
