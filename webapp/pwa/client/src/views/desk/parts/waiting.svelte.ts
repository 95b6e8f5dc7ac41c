/** How much waits for a supervisor, for the count in the rail. Asked now and then, never urgently. */
import { api } from "../../../api/client";
import type { Page } from "../../../api/types";
import { session } from "../../../stores/session.svelte";

const EVERY_MS = 60_000;

class Waiting {
  quarantine = $state(0);
  /** Answers and photos to be looked at again. */
  returns = $state(0);
  /** Mails to be sorted. */
  mails = $state(0);

  /** Asks at once, then every minute while the page is in sight; returns what ends it. */
  watch(): () => void {
    void this.refresh();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void this.refresh();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }

  async refresh(): Promise<void> {
    if (!session.can("review")) return;
    try {
      const page = await api.get<Page<unknown>>(session.path("quarantine"), { query: { page_size: 1 } });
      this.quarantine = page.total;
      const returned = await api.get<Page<unknown>>(session.path("returns"), { query: { state: "answered", page_size: 1 } });
      this.returns = returned.total;
      const mails = await api.get<Page<unknown>>(session.path("incoming-mails"), { query: { page_size: 1 } });
      this.mails = mails.total;
    } catch {
      // The count is a comfort; the screen itself tells what is wrong.
    }
  }
}

export const waiting = new Waiting();
