/** A document that the server makes in the background: asked for, followed, ready. */
import { api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { session } from "../../../stores/session.svelte";

export type Document = components["schemas"]["Document"];

const EVERY_MS = 1000;

export class Making {
  document = $state.raw<Document | null>(null);
  error = $state.raw<unknown>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  get busy(): boolean {
    return this.document?.state === "queued" || this.document?.state === "making";
  }

  async ask(body: Record<string, unknown>, path = "documents"): Promise<void> {
    const turn = this.#begin();
    try {
      const asked = await api.post<Document>(session.path(path), body);
      if (turn === this.#turn) this.#take(asked, turn);
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    }
  }

  /** Forgets it, and asks no more. */
  stop(): void {
    this.#begin();
  }

  #begin(): number {
    clearTimeout(this.#timer);
    this.document = null;
    this.error = null;
    return ++this.#turn;
  }

  #take(document: Document, turn: number): void {
    this.document = document;
    if (this.busy) this.#timer = setTimeout(() => void this.#again(document.id, turn), EVERY_MS);
  }

  async #again(id: number, turn: number): Promise<void> {
    try {
      const document = await api.get<Document>(session.path(`documents/${id}`));
      if (turn === this.#turn) this.#take(document, turn);
    } catch {
      // The network comes back; the document goes on being made meanwhile.
      if (turn === this.#turn) this.#timer = setTimeout(() => void this.#again(id, turn), EVERY_MS * 3);
    }
  }
}
