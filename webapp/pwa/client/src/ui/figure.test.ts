import { expect, it } from "vitest";
import { parseFigure } from "./figure";

it.each([
  ["1240", 1240],
  [" １２４０ ", 1240],
  ["1,240", 1240],
  ["1 240,5", 1240.5],
  ["12,5", 12.5],
  ["12。5", 12.5],
  ["-3", -3],
  [".5", 0.5],
  ["5.", 5],
  ["", null],
  ["-", null],
  ["1e9", null],
  ["12 h", null],
  ["1.2.3", null],
])("%s is read as %s", (text, figure) => expect(parseFigure(text)).toBe(figure));
