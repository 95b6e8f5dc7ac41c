/**
 * What a screen reads from the server. The last good answer stays in sight while a newer one is on
 * its way, a newer question drops the older, and an error never empties the screen.
 */
import { untrack } from "svelte";
import { api, type RequestOptions } from "../../../api/client";

export class Reader<Answer> {
  data = $state.raw<Answer | null>(null);
  error = $state.raw<unknown>(null);
  loading = $state(false);
  #request: AbortController | null = null;

  async read(path: string, query?: RequestOptions["query"]): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    untrack(() => (this.loading = true));
    try {
      const data = await api.get<Answer>(path, { query, signal: request.signal });
      if (this.#request === request) this.#take(data);
    } catch (error) {
      if (this.#request === request) this.error = error;
    } finally {
      if (this.#request === request) this.loading = false;
    }
  }

  /** Forgets all, as when another thing is looked at. */
  clear(): void {
    this.#request?.abort();
    this.#request = null;
    this.data = null;
    this.error = null;
    this.loading = false;
  }

  #take(data: Answer): void {
    this.data = data;
    this.error = null;
  }
}
