/**
 * The photos that a filter lets through, page by page as they come into sight; the supervisor's word
 * on them, shown at once, sent behind it, taken back with one touch; and what colleagues say
 * meanwhile, which comes in by itself.
 */
import { SvelteMap } from "svelte/reactivity";
import { api, ApiError } from "../../../api/client";
import type { Page } from "../../../api/types";
import { errorText, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { toasts } from "../../../stores/toast.svelte";
import type { Mark } from "../../../ui/marks";
import type { Photo, PhotoReviewed, PhotoSaid, Review } from "./types";
import { isFast } from "./words";

/** `head` is what the changes are asked by, `listed_at` the server's time. */
type PhotoPage = Page<Photo> & { head: number; listed_at: string };

export interface Word {
  state: Review;
  remark: string;
  marks: Mark[];
}

/** A photo with the review that was seen of it: a colleague's later word is not spoken over. */
export interface Seen {
  photo: Photo;
  /** When the review that was seen was given; null for none. */
  at: string | null;
}

export type PhotoQuery = Record<string, string | number | boolean | null>;

export const ACCEPTED: Word = { state: "accepted", remark: "", marks: [] };
const PAGE_SIZE = 100;
/** So many pages are kept; those farthest from sight are let go and read again when wanted. */
const MOST_PAGES = 30;
/** So many go in one request, which the server takes in one transaction. */
const AT_ONCE = 500;
const FOLLOW_MS = 8_000;
const SAID = { accepted: "photos.said_accepted", returned: "photos.said_returned", none: "photos.said_none" } as const;
const SAID_MANY = {
  accepted: "photos.said_accepted_many",
  returned: "photos.said_returned_many",
  none: "photos.said_none_many",
} as const;

/** The address of a picture: its longest side 320 (`thumb`) or 1,600 pixels. */
export function imageUrl(uid: string, size: "thumb" | "full"): string {
  return session.path(`photos/${encodeURIComponent(uid)}/image?size=${size}`);
}

/** Whether nothing of a photo asks for a second look: "accept all that are normal" takes only these. */
export function isPlain(photo: Photo): boolean {
  const doubtful = isFast(photo.bulk_seconds) || photo.reused_of !== null || photo.unreadable || photo.flags.includes("spot_check_missing");
  return (photo.reading?.verdict ?? photo.verdict) === "normal" && !doubtful;
}

export class PhotoFeed {
  total = $state<number | null>(null);
  error = $state.raw<unknown>(null);
  /** How many photos have come since the list was asked for, under whatever filter. */
  arrived = $state(0);
  #photos = new SvelteMap<number, Photo>();
  #index = new Map<string, number>();
  #pages = new Map<number, Promise<void>>();
  #query: PhotoQuery = {};
  #turn = 0;
  #head = 0;
  #etag: string | null = null;
  #listedAt = "";

  at(index: number): Photo | undefined {
    return this.#photos.get(index);
  }

  /** Begins anew with another filter. */
  async ask(query: PhotoQuery): Promise<void> {
    this.#turn++;
    this.#query = query;
    this.#pages.clear();
    this.#photos.clear();
    this.#index.clear();
    this.#head = 0;
    this.#etag = null;
    this.arrived = 0;
    this.total = null;
    this.error = null;
    await this.#page(1);
  }

  /** Sees to it that the photos from one index up to another (without it) are on their way. */
  need(from: number, to: number): Promise<void[]> {
    const last = Math.min(to, this.total ?? to) - 1;
    const pages = [];
    for (let page = Math.floor(Math.max(0, from) / PAGE_SIZE); page <= Math.floor(last / PAGE_SIZE); page++) {
      pages.push(this.#page(page + 1));
    }
    this.#letGo(Math.floor((from + to) / 2 / PAGE_SIZE) + 1);
    return Promise.all(pages);
  }

  /** The place of a photo, looked for page by page; -1 when the filter leaves it out. */
  async indexOf(uid: string): Promise<number> {
    const turn = this.#turn;
    for (let page = 1; turn === this.#turn; page++) {
      await this.#page(page);
      const found = this.#index.get(uid);
      if (found !== undefined) return found;
      if (this.error || page * PAGE_SIZE >= (this.total ?? 0)) break;
    }
    return -1;
  }

  /** The photos between two places, both with it, once all of them are here. */
  async between(one: number, other: number): Promise<Photo[]> {
    const [from, to] = one < other ? [one, other] : [other, one];
    const found: Photo[] = [];
    for (let start = from; start <= to; start += PAGE_SIZE * 4) {
      const end = Math.min(to + 1, start + PAGE_SIZE * 4);
      await this.need(start, end);
      for (let index = start; index < end; index++) {
        const photo = this.#photos.get(index);
        if (photo) found.push(photo);
      }
    }
    return found;
  }

  /** Accepts, returns or resets a photo. The screen changes at once; a refusal changes it back. */
  async say(word: Word, { photo, at }: Seen): Promise<void> {
    const before: Word = { state: photo.review, remark: photo.review_remark, marks: photo.review_marks };
    const said = await this.#send(word, { photo, at });
    if (!said) return;
    toasts.show(t(SAID[word.state]), {
      tone: word.state === "accepted" ? "good" : "plain",
      action: { label: t("action.undo"), run: () => void this.#send(before, { photo: said, at: said.reviewed_at }) },
    });
  }

  async #send(word: Word, { photo, at }: Seen): Promise<Photo | null> {
    this.#put(spoken(photo, word));
    try {
      const path = session.path(`photos/${encodeURIComponent(photo.uid)}/review`);
      const said = await api.post<Photo>(path, { ...word, seen_at: at });
      this.#put(said);
      return said;
    } catch (error) {
      this.#put(photo);
      if (error instanceof ApiError && error.code === "photo_reviewed") await this.#differ(photo.uid, word, error);
      else toasts.show(errorText(error), { tone: "bad" });
      return null;
    }
  }

  /** A colleague was quicker: his word is shown, and ours is kept for who means it all the same. */
  async #differ(uid: string, word: Word, refusal: ApiError): Promise<void> {
    try {
      const theirs = await api.get<Photo>(session.path(`photos/${encodeURIComponent(uid)}`));
      this.#put(theirs);
      toasts.show(errorText(refusal), {
        tone: "bad",
        action: {
          label: t(`photos.all_the_same_${word.state}`),
          run: () => void this.say(word, { photo: theirs, at: theirs.reviewed_at }),
        },
      });
    } catch {
      toasts.show(errorText(refusal), { tone: "bad" });
    }
  }

  /** The same word on several photos, in as few requests as can be; each has its own answer. */
  async sayMany(word: Word, many: readonly Seen[]): Promise<void> {
    const reviews = many.map(({ photo, at }) => ({ ...word, uid: photo.uid, seen_at: at }));
    const results = await this.#sendMany(reviews);
    if (!results) return;
    const before = new Map(many.map(({ photo }) => [photo.uid, photo]));
    const done = results.filter((row) => row.result === "done");
    const stands = results.filter((row) => row.result === "done" || row.result === "unchanged").length;
    const others = results.filter((row) => row.result === "photo_reviewed").length;
    const refused = results.length - stands - others;
    const undo = done.flatMap(({ uid, shown }) => {
      const was = before.get(uid);
      if (!was || !shown) return [];
      return [{ uid, state: was.review, remark: was.review_remark, marks: was.review_marks, seen_at: shown.reviewed_at }];
    });
    const words = [
      t(SAID_MANY[word.state], { count: stands }),
      others > 0 && t("photos.by_others", { count: others }),
      refused > 0 && t("photos.not_said", { count: refused }),
    ];
    toasts.show(words.filter(Boolean).join(" · "), {
      tone: word.state === "accepted" && stands > 0 ? "good" : "plain",
      action: undo.length > 0 ? { label: t("action.undo"), run: () => void this.#sendMany(undo) } : undefined,
    });
  }

  async #sendMany(
    reviews: (Word & { uid: string; seen_at: string | null })[],
  ): Promise<PhotoReviewed[] | null> {
    const results: PhotoReviewed[] = [];
    try {
      for (let from = 0; from < reviews.length; from += AT_ONCE) {
        const part = { reviews: reviews.slice(from, from + AT_ONCE) };
        const answer = await api.post<{ results: PhotoReviewed[] }>(session.path("photos/review"), part);
        results.push(...answer.results);
        for (const { shown } of answer.results) if (shown) this.#hear(shown);
      }
    } catch (error) {
      toasts.show(errorText(error), { tone: "bad" });
      return results.length > 0 ? results : null;
    }
    return results;
  }

  /** Hears what colleagues say, as long as the page is in sight; returns what ends it. */
  follow(): () => void {
    const look = () => {
      if (document.visibilityState === "visible") void this.#listen();
    };
    const timer = setInterval(look, FOLLOW_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }

  async #listen(): Promise<void> {
    const turn = this.#turn;
    if (this.total === null || this.#head === 0) return;
    try {
      const path = session.path(`photos/changes?since=${this.#head}`);
      const answer = await api.getIfChanged<{ head: number; photos: PhotoSaid[] }>(path, this.#etag);
      if (turn !== this.#turn || !answer.changed) return;
      this.#etag = answer.etag;
      this.#head = answer.data.head;
      for (const said of answer.data.photos) this.#hear(said);
      this.arrived += answer.data.photos.filter((said) => this.#isNew(said)).length;
    } catch {
      // What is missed now comes with the next look; the screen's own requests tell what is wrong.
    }
  }

  #isNew(said: PhotoSaid): boolean {
    return !this.#index.has(said.uid) && said.review === "none" && said.received_at > this.#listedAt;
  }

  #hear(said: PhotoSaid): void {
    const index = this.#index.get(said.uid);
    const photo = index === undefined ? undefined : this.#photos.get(index);
    if (photo) this.#put({ ...photo, ...said });
  }

  #put(photo: Photo): void {
    const index = this.#index.get(photo.uid);
    if (index !== undefined && this.#photos.has(index)) this.#photos.set(index, photo);
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
      const found = await api.get<PhotoPage>(session.path("photos"), { query });
      if (turn !== this.#turn) return;
      this.total = found.total;
      this.error = null;
      // The oldest answer tells from where on to listen: what came between is heard twice, not never.
      if (this.#head === 0) {
        this.#head = found.head;
        this.#listedAt = found.listed_at;
      }
      found.items.forEach((photo, offset) => {
        const index = (page - 1) * PAGE_SIZE + offset;
        this.#photos.set(index, photo);
        this.#index.set(photo.uid, index);
      });
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#pages.delete(page);
      this.error = error;
    }
  }

  #letGo(middle: number): void {
    if (this.#pages.size <= MOST_PAGES) return;
    const far = [...this.#pages.keys()].sort((one, other) => Math.abs(other - middle) - Math.abs(one - middle));
    for (const page of far.slice(0, this.#pages.size - MOST_PAGES)) {
      this.#pages.delete(page);
      for (let index = (page - 1) * PAGE_SIZE; index < page * PAGE_SIZE; index++) {
        const uid = this.#photos.get(index)?.uid;
        if (uid) this.#index.delete(uid);
        this.#photos.delete(index);
      }
    }
  }
}

function spoken(photo: Photo, word: Word): Photo {
  return { ...photo, review: word.state, review_remark: word.remark, review_marks: word.marks };
}
