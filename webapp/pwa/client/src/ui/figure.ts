import { LARGEST_NUMBER } from "../rules/checklist";

/**
 * A figure as an engineer types it: full-width digits, a decimal comma, spaces between thousands.
 * Null for what is none, or for one so large that it is a scanned code or two readings in one.
 */
export function parseFigure(text: string): number | null {
  const plain = text
    .normalize("NFKC")
    .replace(/[\s\u00a0_]/g, "")
    .replace(/[。、]/g, ".")
    .replace(/,(?=\d{3}(\D|$))/g, "")
    .replace(",", ".");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const figure = Number(plain);
  return Math.abs(figure) <= LARGEST_NUMBER ? figure : null;
}
