// The vectors are the server's too: tests/quotes/test_money.py runs the same file.
import { describe, expect, it } from "vitest";
import vectors from "../../../../../tests/vectors/quotes.json";
import { lineAmounts, MONEY_PLACES, QUANTITY_PLACES, scaled, TAX_PLACES, textOf, total } from "./quote";

describe("what a quote comes to", () => {
  it.each(vectors.totals.map((one, index) => [index, one] as const))("is the server's to the hundredth: %i", (_, one) => {
    const lines = one.lines.map((line) =>
      lineAmounts(scaled(line.quantity, QUANTITY_PLACES)!, scaled(line.unit_price, MONEY_PLACES)!, scaled(line.tax_rate, TAX_PLACES)!),
    );
    expect(lines.map((line) => [textOf(line.net), textOf(line.tax)])).toEqual(one.lines.map((line) => [line.net, line.tax]));
    const sum = total(lines);
    expect([textOf(sum.net), textOf(sum.tax), textOf(sum.net + sum.tax)]).toEqual([one.net, one.tax, one.gross]);
    expect(total([...lines].reverse())).toEqual(sum);
  });

  it("takes a figure whole or not at all", () => {
    for (const [text, places] of vectors.refused as [string, number][]) expect(scaled(text, places), text).toBeNull();
    for (const [text, places, plain] of vectors.taken as [string, number, string][]) expect(textOf(scaled(text, places)!, places)).toBe(plain);
  });
});
