/**
 * The service worker: keeps the app's own files, so that a cold start without a network works.
 *
 * It never answers for the API and never touches what the phone has recorded: that is the business
 * of the page and of `src/sync`. A new worker waits until the page, idle and with the user's
 * consent, posts `SKIP_WAITING`; it never replaces a page under an engineer's hands.
 */
import { sendOutbox } from "@client/sync/worker";
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const OUTBOX_TAG = "roundbook-outbox";

// @ts-expect-error The build puts the list of files in this place.
precacheAndRoute(self.__WB_MANIFEST, { ignoreURLParametersMatching: [/^v$/] });
cleanupOutdatedCaches();

registerRoute(
  new NavigationRoute(createHandlerBoundToURL("/static/app/index.html"), {
    denylist: [/^\/api\//, /^\/static\//, /^\/healthz$/, /^\/readyz$/, /^\/sw\.js$/, /^\/manifest\.webmanifest$/],
  }),
);

worker.addEventListener("message", (event) => {
  if (event.data?.type === "SKIP_WAITING") event.waitUntil(worker.skipWaiting());
});

// The first page after the install is served from the cache at once, not from its second visit on.
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("sync", (event) => {
  const sync = /** @type {ExtendableEvent & { tag: string }} */ (event);
  if (sync.tag === OUTBOX_TAG) sync.waitUntil(empty());
});

/**
 * The network is back: open pages are told, and what is left is sent from here. All of them ask
 * for the one sender's lock. A failure is thrown on, so that the browser wakes the worker again.
 */
async function empty() {
  const pages = await worker.clients.matchAll({ type: "window" });
  for (const page of pages) page.postMessage({ type: "OUTBOX" });
  await sendOutbox((input, init) => fetch(input, init));
}
