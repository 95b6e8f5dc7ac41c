/** A sum as both languages group it, without ever being a float: `CNY 1234.50` as `CNY 1,234.50`. */
export function sumText(text: string): string {
  return text.replaceAll(/\B(?=(?:\d{3})+\.)/gu, ",");
}
