import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ALPHABET, isCode, parseLabel, shownCode } from "./label";

interface Vector {
  text: string;
  code: string | null;
  why: string;
}

const file = new URL("../../../../../tests/vectors/label_codes.json", import.meta.url);
const shared = JSON.parse(readFileSync(file, "utf-8")) as { alphabet: string; vectors: Vector[] };

describe("label codes", () => {
  it("have the server's alphabet", () => {
    expect(ALPHABET).toBe(shared.alphabet);
  });

  it.each(shared.vectors)("$why: $text", ({ text, code }) => {
    expect(parseLabel(text)).toBe(code);
  });

  it("notice every single wrong letter and every two swapped ones", () => {
    for (const { code } of shared.vectors.slice(0, 12)) {
      if (code === null) throw new Error("the first vectors are codes");
      for (let i = 0; i < code.length; i++) {
        for (const letter of ALPHABET) {
          const wrong = code.slice(0, i) + letter + code.slice(i + 1);
          expect(isCode(wrong)).toBe(letter === code[i]);
        }
        for (let j = i + 1; j < code.length; j++) {
          const letters = [...code];
          [letters[i], letters[j]] = [letters[j] as string, letters[i] as string];
          expect(isCode(letters.join(""))).toBe(code[i] === code[j]);
        }
      }
    }
  });

  it("are shown in two groups of four", () => {
    expect(shownCode("D6GR34Z8")).toBe("D6GR-34Z8");
  });
});
