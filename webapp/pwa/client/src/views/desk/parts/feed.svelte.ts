/** An answer that is kept fresh while the page is in sight: asked again every few seconds, 304 while nothing changes. */
import { api } from "../../../api/client";

const EVERY_MS = 5_000;

export class Feed<Answer> {
  data = $state.raw<Answer | null>(null);
  error = $state.raw<unknown>(null);
  /** When the server last answered, be it that nothing has changed. */
  heardAt = $state<number | null>(null);
  #path = "";
  #etag: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Follows a path until another is followed or `stop` is called. */
  follow(path: string): void {
    if (path === this.#path) return;
    this.stop();
    this.data = null;
    this.error = null;
    this.#path = path;
    this.#etag = null;
    void this.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#path = "";
  }

  /** Asks at once; then again every few seconds, but not while nobody looks. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    const path = this.#path;
    if (!path) return;
    if (document.visibilityState === "visible") await this.#ask(path);
    if (path === this.#path) this.#timer = setTimeout(() => void this.refresh(), EVERY_MS);
  }

  async #ask(path: string): Promise<void> {
    try {
      const answer = await api.getIfChanged<Answer>(path, this.#etag);
      if (path !== this.#path) return;
      if (answer.changed) {
        this.data = answer.data;
        this.#etag = answer.etag;
      }
      this.error = null;
      this.heardAt = Date.now();
    } catch (error) {
      if (path === this.#path) this.error = error;
    }
  }
}
