/**
 * A page that the browser sets aside for a "back" is frozen as it stands. WebKit leaves its open
 * transactions as they are too, with their locks: the page after it would wait for those tables
 * until it is closed, and show nothing. They are ended when the page is set aside; what they were to
 * write is written again when it comes back.
 */
import type { DBCore, Middleware } from "dexie";

const open = new Set<IDBTransaction>();
let times = 0;
let back: Promise<void> | undefined;

/** For `Dexie.use`: knows which transactions are open. */
export const knownTransactions: Middleware<DBCore> = {
  stack: "dbcore",
  name: "knownTransactions",
  create: (core) => ({
    ...core,
    transaction(stores, mode, options) {
      // What Dexie calls a transaction here is the browser's own.
      const begun = core.transaction(stores, mode, options) as IDBTransaction;
      const ended = () => open.delete(begun);
      open.add(begun);
      begun.addEventListener("complete", ended);
      begun.addEventListener("abort", ended);
      return begun;
    },
  }),
};

/** How often the page has been set aside: a write in which it was has not failed for good. */
export function timesSetAside(): number {
  return times;
}

/** Waits while the page is set aside. */
export async function broughtBack(): Promise<void> {
  await back;
}

function setAside(): void {
  times += 1;
  back = new Promise((resolve) => {
    addEventListener("pageshow", () => resolve(), { once: true });
  });
  for (const transaction of open) {
    try {
      transaction.abort();
    } catch {
      // It has ended just now.
    }
  }
  open.clear();
}

if (typeof addEventListener !== "undefined") {
  addEventListener("pagehide", (event) => {
    if ((event as PageTransitionEvent).persisted) setAside();
  });
}
