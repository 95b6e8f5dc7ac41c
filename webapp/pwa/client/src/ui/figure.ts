/** A figure as an engineer types it: full-width digits, a decimal comma, spaces between thousands. */
export function parseFigure(text: string): number | null {
  const plain = text
    .normalize("NFKC")
    .replace(/[\s\u00a0_]/g, "")
    .replace(/[。、]/g, ".")
    .replace(/,(?=\d{3}(\D|$))/g, "")
    .replace(",", ".");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const figure = Number(plain);
  return Number.isFinite(figure) ? figure : null;
}
