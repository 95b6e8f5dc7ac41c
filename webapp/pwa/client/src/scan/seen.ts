/** Tells a label that is still in view from one that has come again. */

/** Out of view for so long, the same code counts as scanned anew. */
const GONE_MS = 2_500;

export class Seen {
  #code: string | null = null;
  #lastAt = 0;

  /** Whether this sighting is a new one; `now` is in milliseconds. */
  isNew(code: string, now: number): boolean {
    const fresh = code !== this.#code || now - this.#lastAt > GONE_MS;
    this.#code = code;
    this.#lastAt = now;
    return fresh;
  }

  clear(): void {
    this.#code = null;
  }
}
