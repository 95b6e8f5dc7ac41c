/** A quote while it is written: its lines as they are typed, and what they come to by the server's own rule. */
import { lineAmounts, MONEY_PLACES, QUANTITY_PLACES, scaled, TAX_PLACES, total, type Amounts } from "../../../rules/quote";
import type { QuoteDetail, QuoteLine, QuoteSettings } from "./types";

export interface Row {
  id: number;
  kind: QuoteLine["kind"];
  text: string;
  detail: string;
  rate: string;
  quantity: string;
  unit: string;
  unit_price: string;
  tax_rate: string;
}
export type Field = Exclude<keyof Row, "id">;

let last = 0;

/** Figures as keyboards of all sorts give them: full-width digits, spaces, commas between thousands. */
export const plainFigure = (text: string): string => text.normalize("NFKC").replace(/[\s,，]/g, "");

export class Draft {
  rows = $state<Row[]>([]);
  remark = $state("");
  validUntil = $state("");
  language = $state("zh");
  #settings: QuoteSettings;

  constructor(of: QuoteDetail, settings: QuoteSettings) {
    this.#settings = settings;
    this.rows = of.lines.map((line) => ({ ...pick(line), id: ++last }));
    this.remark = of.remark;
    this.validUntil = of.valid_until;
    this.language = of.language;
    if (this.rows.length === 0) this.add();
  }

  /** A new line after one, of the same kind and tax. */
  add(after = this.rows.length - 1): Row {
    const before = this.rows[after];
    const row: Row = {
      id: ++last,
      kind: before?.kind ?? "equipment",
      text: "",
      detail: "",
      rate: before?.rate ?? "",
      quantity: "1",
      unit: before?.unit ?? "",
      unit_price: "",
      tax_rate: before?.tax_rate ?? this.#settings.tax_rate,
    };
    this.rows.splice(after + 1, 0, row);
    return row;
  }

  remove(at: number): Row {
    const [row] = this.rows.splice(at, 1);
    return row;
  }

  move(at: number, by: number): boolean {
    const to = at + by;
    if (to < 0 || to >= this.rows.length) return false;
    const [row] = this.rows.splice(at, 1);
    this.rows.splice(to, 0, row);
    return true;
  }

  rateOf(row: Row) {
    return row.kind === "labour" ? this.#settings.rates.find((rate) => rate.key === row.rate) : undefined;
  }

  /** A line that nobody has begun isn't sent. */
  isEmpty(row: Row): boolean {
    return !row.text.trim() && !row.detail.trim() && !row.unit_price.trim();
  }

  get written(): Row[] {
    return this.rows.filter((row) => !this.isEmpty(row));
  }

  /** What a line comes to; null while a figure of it is none. */
  amounts(row: Row): Amounts | null {
    const price = row.kind === "labour" ? (this.rateOf(row)?.price ?? "") : plainFigure(row.unit_price);
    const figures = [
      scaled(plainFigure(row.quantity), QUANTITY_PLACES),
      scaled(price, MONEY_PLACES),
      scaled(plainFigure(row.tax_rate), TAX_PLACES),
    ];
    const [quantity, unitPrice, taxRate] = figures;
    return quantity === null || unitPrice === null || taxRate === null ? null : lineAmounts(quantity, unitPrice, taxRate);
  }

  get total(): Amounts {
    return total(this.written.map((row) => this.amounts(row)).filter((one) => one !== null));
  }

  /** As the server takes it. */
  body(revision: number) {
    return {
      revision,
      lines: this.written.map((row) => ({
        kind: row.kind,
        text: row.text.trim(),
        detail: row.detail.trim(),
        rate: row.kind === "labour" ? row.rate : "",
        quantity: plainFigure(row.quantity),
        unit: row.kind === "labour" ? "" : row.unit.trim(),
        unit_price: row.kind === "labour" ? "0" : plainFigure(row.unit_price),
        tax_rate: plainFigure(row.tax_rate),
      })),
      language: this.language,
      valid_until: this.validUntil,
      remark: this.remark.trim(),
    };
  }
}

function pick(line: QuoteLine): Omit<Row, "id"> {
  const { kind, text, detail, rate, quantity, unit, unit_price, tax_rate } = line;
  return { kind, text, detail, rate, quantity, unit, unit_price, tax_rate };
}
