/** Filling a message in: pure, so that the catalogue tests can use it without a browser. */

export type MessageParams = Record<string, string | number | null | undefined>;

const PLACEHOLDER = /\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g;
const plurals = new Map<string, Intl.PluralRules>();
const numbers = new Map<string, Intl.NumberFormat>();

export function fillMessage(message: string, params: MessageParams, locale: string): string {
  return message.replace(PLACEHOLDER, (whole, name: string, one?: string, other?: string) => {
    const value = params[name];
    if (one !== undefined) return pluralOf(locale, Number(value)) === "one" ? one : (other ?? "");
    if (value === undefined || value === null) return name in params ? "" : whole;
    return typeof value === "number" ? numberFormat(locale).format(value) : value;
  });
}

/** The names that a message asks for, each once, sorted. */
export function placeholders(message: string): string[] {
  return [...new Set([...message.matchAll(PLACEHOLDER)].map((match) => match[1]))].sort();
}

function pluralOf(locale: string, value: number): string {
  let rules = plurals.get(locale);
  if (!rules) plurals.set(locale, (rules = new Intl.PluralRules(locale)));
  return rules.select(value);
}

function numberFormat(locale: string): Intl.NumberFormat {
  let format = numbers.get(locale);
  if (!format) numbers.set(locale, (format = new Intl.NumberFormat(locale)));
  return format;
}
