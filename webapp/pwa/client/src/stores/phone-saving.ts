/** What is said when something was not saved, and a way to try. */
import { NotSavedError, PhotoUnreadableError } from "../db";
import { t } from "../i18n";
import { toasts } from "./toast.svelte";

/** The plain truth about a write that failed. */
export function notSavedText(error: unknown): string {
  if (error instanceof PhotoUnreadableError) return t("capture.unreadable");
  const reason = error instanceof NotSavedError ? error.reason : "failed";
  return t(`inspect.not_saved_${reason}`);
}

/** Runs a write; a failure is told at once, and answers undefined. */
export async function saving<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    console.error("not_saved", error);
    toasts.show(notSavedText(error), { tone: "bad" });
    return undefined;
  }
}
