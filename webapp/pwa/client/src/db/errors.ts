/** Failures of the phone's store, said so that nobody takes something unsaved for saved. */

/**
 * What was just done is NOT saved; all that was saved before still is.
 * `full`: the storage is used up · `closed`: the database is in the hands of a newer version of
 * the app · `failed`: anything else.
 */
export class NotSavedError extends Error {
  readonly reason: "full" | "closed" | "failed";

  constructor(reason: NotSavedError["reason"], cause?: unknown) {
    super(`not_saved_${reason}`, { cause });
    this.name = "NotSavedError";
    this.reason = reason;
  }
}

/** A picture that the browser can't read, or that can't be brought under the size limit. */
export class PhotoUnreadableError extends Error {
  constructor(cause?: unknown) {
    super("photo_unreadable", { cause });
    this.name = "PhotoUnreadableError";
  }
}

/** The names of an error and of what caused it, as browsers and Dexie nest them. */
export function errorNames(error: unknown): string[] {
  const names: string[] = [];
  let current = error as { name?: string; inner?: unknown; cause?: unknown } | null | undefined;
  while (current && names.length < 6) {
    if (current.name) names.push(current.name);
    current = (current.inner ?? current.cause) as typeof current;
  }
  return names;
}

export function toNotSaved(error: unknown): NotSavedError {
  if (error instanceof NotSavedError) return error;
  const names = errorNames(error);
  if (names.includes("QuotaExceededError")) return new NotSavedError("full", error);
  const closed = names.includes("DatabaseClosedError") || names.includes("VersionError");
  return new NotSavedError(closed ? "closed" : "failed", error);
}
