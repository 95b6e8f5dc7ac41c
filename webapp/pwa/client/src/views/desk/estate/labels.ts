/** Sheets of labels: how a grid lies on its page, what is asked of the server, and fetching the file. */
import { ApiError, NetworkError } from "../../../api/client";
import type { LabelGrid } from "./types";

export type Grid = Omit<LabelGrid, "key" | "name">;

/** Below this no QR code can be read back, in millimetres (`label_grid.SMALLEST_LABEL`). */
export const SMALLEST_LABEL = { width: 20, height: 15 };
const ROUNDING_MM = 0.05;
const PRINT_WITHIN_MS = 180_000;

/** A code as people read it: `XXXX-XXXX`. */
export function shownCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** The left upper corners of a page's labels, in millimetres, row by row. */
export function placesOf(grid: Grid): { x: number; y: number }[] {
  return Array.from({ length: grid.columns * grid.rows }, (_, index) => ({
    x: grid.margin_left + (index % grid.columns) * (grid.label_width + grid.gap_x),
    y: grid.margin_top + Math.floor(index / grid.columns) * (grid.label_height + grid.gap_y),
  }));
}

/** The fields that keep the labels off the page, as the server will say too. */
export function gridFaults(grid: Grid): Partial<Record<keyof Grid, "too_small" | "off_page">> {
  const faults: Partial<Record<keyof Grid, "too_small" | "off_page">> = {};
  const last = placesOf(grid).at(-1);
  if (grid.label_width < SMALLEST_LABEL.width) faults.label_width = "too_small";
  if (grid.label_height < SMALLEST_LABEL.height) faults.label_height = "too_small";
  if (last && last.x + grid.label_width > grid.page_width + ROUNDING_MM) faults.columns = "off_page";
  if (last && last.y + grid.label_height > grid.page_height + ROUNDING_MM) faults.rows = "off_page";
  return faults;
}

/** How many pages so many labels need when the first place is `start`, from 1. */
export function pagesFor(labels: number, grid: Grid, start: number): number {
  return labels === 0 ? 0 : Math.ceil((labels + start - 1) / Math.max(1, grid.columns * grid.rows));
}

/**
 * Fetches a file and hands it to the browser; unlike a plain link it can say what went wrong.
 * @throws ApiError by the server, NetworkError by the network
 */
export async function downloadFile(path: string, name: string): Promise<void> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(PRINT_WITHIN_MS);
    response = await fetch(path, { credentials: "same-origin", redirect: "error", signal });
  } catch (error) {
    throw new NetworkError(error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "offline");
  }
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) throw new ApiError(response.status, await response.json());
  if (!response.ok || type.startsWith("text/html")) throw new NetworkError("foreign");
  save(await response.blob(), name);
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
