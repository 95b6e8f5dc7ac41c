/** How much the user was told and has not read: asked now and then while the page is in sight. */
import { api } from "../api/client";
import { session } from "./session.svelte";

const EVERY_MS = 60_000;

class Told {
  unread = $state(0);
  #etag: string | null = null;
  #watching = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Asks at once, then every minute; returns what ends it. Several bells ask once. */
  watch(): () => void {
    if (this.#watching++ === 0) this.#timer = setInterval(() => void this.refresh(), EVERY_MS);
    void this.refresh();
    return () => {
      if (--this.#watching === 0) clearInterval(this.#timer);
    };
  }

  async refresh(): Promise<void> {
    if (session.state !== "in" || document.visibilityState !== "visible" || !navigator.onLine) return;
    try {
      const answer = await api.getIfChanged<{ unread: number }>("/api/notifications/unread", this.#etag);
      if (!answer.changed) return;
      this.#etag = answer.etag;
      this.unread = answer.data.unread;
    } catch {
      // The count is a comfort; the list itself tells what is wrong.
    }
  }

  /** A line was read: the count falls at once, and is asked for again. */
  async read(id: number): Promise<void> {
    this.unread = Math.max(0, this.unread - 1);
    await api.post(`/api/notifications/${id}/read`).catch(() => undefined);
    await this.refresh();
  }

  /** All that is in sight was read; what came meanwhile stays unread. */
  async readAll(upTo: number): Promise<void> {
    await api.post("/api/notifications/read", { up_to: upTo });
    await this.refresh();
  }
}

export const told = new Told();
