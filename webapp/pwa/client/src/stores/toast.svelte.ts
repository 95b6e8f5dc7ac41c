/** Short notices at the foot of the screen, with undo instead of "are you sure?". */

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "good" | "bad";
  /** The label of the one action, and what it does. */
  action?: { label: string; run: () => void };
}

const SHOWN_MS = 4_000;
const SHOWN_WITH_ACTION_MS = 8_000;

class Toasts {
  list = $state.raw<Toast[]>([]);
  /** Whether a bar of actions stands at a narrow screen's foot: notices keep clear of it. */
  overBar = $state(false);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, options: Partial<Pick<Toast, "tone" | "action">> = {}): number {
    const toast: Toast = { id: this.#next++, text, tone: options.tone ?? "plain", ...options };
    this.list = [...this.list.slice(-2), toast];
    this.resume(toast.id);
    return toast.id;
  }

  close(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Keeps a toast while a finger, a pointer or the focus is on it. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    const toast = this.list.find((candidate) => candidate.id === id);
    if (!toast) return;
    this.hold(id);
    const shown = toast.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS;
    this.#timers.set(id, setTimeout(() => this.close(id), shown));
  }

  act(id: number): void {
    this.list.find((toast) => toast.id === id)?.action?.run();
    this.close(id);
  }
}

export const toasts = new Toasts();
