/**
 * The photos that a filter lets through, page by page as they come into sight, and the
 * supervisor's word on them: shown at once, sent behind it, taken back with one touch.
 */
import { SvelteMap } from "svelte/reactivity";
import { api } from "../../../api/client";
import type { Page } from "../../../api/types";
import { errorText, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { toasts } from "../../../stores/toast.svelte";
import type { Mark } from "../../../ui/marks";
import type { Photo, Review } from "./types";

export interface Word {
  state: Review;
  remark: string;
  marks: Mark[];
}

export type PhotoQuery = Record<string, string | number | boolean | null>;

const PAGE_SIZE = 100;
const SAID = { accepted: "photos.said_accepted", returned: "photos.said_returned", none: "photos.said_none" } as const;

/** The address of a picture: its longest side 320 (`thumb`) or 1,600 pixels. */
export function imageUrl(uid: string, size: "thumb" | "full"): string {
  return session.path(`photos/${encodeURIComponent(uid)}/image?size=${size}`);
}

export class PhotoFeed {
  total = $state<number | null>(null);
  error = $state.raw<unknown>(null);
  #photos = new SvelteMap<number, Photo>();
  #pages = new Map<number, Promise<void>>();
  #query: PhotoQuery = {};
  #turn = 0;

  at(index: number): Photo | undefined {
    return this.#photos.get(index);
  }

  /** Begins anew with another filter. */
  async ask(query: PhotoQuery): Promise<void> {
    this.#turn++;
    this.#query = query;
    this.#pages.clear();
    this.#photos.clear();
    this.total = null;
    this.error = null;
    await this.#page(1);
  }

  /** Sees to it that the photos from one index up to another (without it) are on their way. */
  need(from: number, to: number): void {
    const last = Math.min(to, this.total ?? to) - 1;
    for (let page = Math.floor(Math.max(0, from) / PAGE_SIZE); page <= Math.floor(last / PAGE_SIZE); page++) {
      void this.#page(page + 1);
    }
  }

  /** The place of a photo, looked for page by page; -1 when the filter leaves it out. */
  async indexOf(uid: string): Promise<number> {
    const turn = this.#turn;
    for (let page = 1; turn === this.#turn; page++) {
      await this.#page(page);
      const found = [...this.#photos].find(([, photo]) => photo.uid === uid);
      if (found) return found[0];
      if (this.error || page * PAGE_SIZE >= (this.total ?? 0)) break;
    }
    return -1;
  }

  /** Accepts, returns or resets a photo. The screen changes at once; a refusal changes it back. */
  async say(photo: Photo, word: Word): Promise<void> {
    const before: Word = { state: photo.review, remark: photo.review_remark, marks: photo.review_marks };
    this.#put(photo.uid, spoken(photo, word));
    toasts.show(t(SAID[word.state]), {
      tone: word.state === "accepted" ? "good" : "plain",
      action: { label: t("action.undo"), run: () => void this.#send(photo, before, word) },
    });
    await this.#send(photo, word, before);
  }

  async #send(photo: Photo, word: Word, before: Word): Promise<void> {
    this.#put(photo.uid, spoken(photo, word));
    try {
      const path = session.path(`photos/${encodeURIComponent(photo.uid)}/review`);
      this.#put(photo.uid, await api.post<Photo>(path, word));
    } catch (error) {
      this.#put(photo.uid, spoken(photo, before));
      toasts.show(errorText(error), { tone: "bad" });
    }
  }

  #put(uid: string, photo: Photo): void {
    for (const [index, other] of this.#photos) if (other.uid === uid) this.#photos.set(index, photo);
  }

  #page(page: number): Promise<void> {
    let reading = this.#pages.get(page);
    if (!reading) this.#pages.set(page, (reading = this.#read(page)));
    return reading;
  }

  async #read(page: number): Promise<void> {
    const turn = this.#turn;
    try {
      const query = { ...this.#query, page, page_size: PAGE_SIZE };
      const found = await api.get<Page<Photo>>(session.path("photos"), { query });
      if (turn !== this.#turn) return;
      this.total = found.total;
      this.error = null;
      found.items.forEach((photo, offset) => this.#photos.set((page - 1) * PAGE_SIZE + offset, photo));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#pages.delete(page);
      this.error = error;
    }
  }
}

function spoken(photo: Photo, word: Word): Photo {
  return { ...photo, review: word.state, review_remark: word.remark, review_marks: word.marks };
}
