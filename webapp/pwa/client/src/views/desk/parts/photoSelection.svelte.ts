/** The photos that are chosen for one word together, each with the review that was seen of it. */
import { SvelteMap } from "svelte/reactivity";
import type { PhotoFeed, Seen } from "./photos.svelte";
import type { Photo } from "./types";

export class PhotoSelection {
  /** A press chooses instead of opening: for those without Shift and Ctrl. */
  choosing = $state(false);
  #chosen = new SvelteMap<string, Seen>();
  #anchor = 0;

  get count(): number {
    return this.#chosen.size;
  }

  get all(): Seen[] {
    return [...this.#chosen.values()];
  }

  has(photo: Photo | undefined): boolean {
    return photo !== undefined && this.#chosen.has(photo.uid);
  }

  toggle(photo: Photo | undefined, index: number): void {
    if (!photo) return;
    this.#anchor = index;
    if (!this.#chosen.delete(photo.uid)) this.#add(photo);
  }

  /** Everything from the last one that was chosen to this one. */
  async extend(feed: PhotoFeed, index: number): Promise<void> {
    for (const photo of await feed.between(this.#anchor, index)) this.#add(photo);
  }

  /** Where a range begins that is chosen with the keys. */
  begin(index: number): void {
    if (this.#chosen.size === 0) this.#anchor = index;
  }

  clear(): void {
    this.#chosen.clear();
    this.choosing = false;
  }

  #add(photo: Photo): void {
    if (!this.#chosen.has(photo.uid)) this.#chosen.set(photo.uid, { photo, at: photo.reviewed_at });
  }
}
