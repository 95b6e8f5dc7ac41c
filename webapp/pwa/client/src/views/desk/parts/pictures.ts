/**
 * The next full pictures, fetched and decoded before they are asked for, so that a step shows one at
 * once. Only a few are held: a decoded one takes eight megabytes.
 */
const MOST = 6;

export class Pictures {
  #held = new Map<string, HTMLImageElement>();

  /** Fetches a picture; those that were asked for longest ago are let go. */
  warm(url: string): void {
    const known = this.#held.get(url);
    this.#held.delete(url);
    const picture = known ?? new Image();
    if (!known) {
      picture.decoding = "async";
      picture.src = url;
      // One that can't be had is told by the place where it is to be shown.
      picture.decode().catch(() => this.#held.delete(url));
    }
    this.#held.set(url, picture);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MOST) break;
      this.#held.delete(oldest);
    }
  }
}
