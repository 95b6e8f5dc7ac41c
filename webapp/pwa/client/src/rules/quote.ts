/**
 * What a quote comes to, while it is typed: as webapp/quotes/money.py has it, by the same vectors. Money is
 * a whole number of hundredths, a quantity of thousandths, a rate of hundredths of a per cent; never a float.
 */
export const MONEY_PLACES = 2;
export const QUANTITY_PLACES = 3;
export const TAX_PLACES = 2;

export interface Amounts {
  net: bigint;
  tax: bigint;
}

/** A decimal text as a whole number of its last place; null where it is none, or has more places. */
export function scaled(text: string, places: number): bigint | null {
  const found = /^([0-9]{1,12})(?:\.([0-9]{1,6}))?$/.exec(text);
  if (!found) return null;
  const part = (found[2] ?? "").replace(/0+$/, "");
  return part.length > places ? null : BigInt(found[1] + part.padEnd(places, "0"));
}

/** A whole number of the last place as a decimal text with all its places. */
export function textOf(value: bigint, places = MONEY_PLACES): string {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** What a line comes to: its price, then its tax, each rounded half up to a hundredth. */
export function lineAmounts(quantity: bigint, unitPrice: bigint, taxRate: bigint): Amounts {
  const net = halfUp(quantity * unitPrice, 1000n);
  return { net, tax: halfUp(net * taxRate, 10_000n) };
}

/** The sum of the lines, which is never rounded. */
export function total(lines: Amounts[]): Amounts {
  return lines.reduce((sum, one) => ({ net: sum.net + one.net, tax: sum.tax + one.tax }), { net: 0n, tax: 0n });
}

function halfUp(value: bigint, by: bigint): bigint {
  return (2n * value + by) / (2n * by);
}
