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
  if (event.data?.type === "CLAIM") event.waitUntil(worker.clients.claim());
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
  // Before somebody's eyes an undo stands for some seconds; a page that nobody sees has sent all itself.
  const everything = !pages.some((page) => page.visibilityState === "visible");
  await sendOutbox((input, init) => fetch(input, init), { everything });
}

// A push that arrives is always shown: a browser takes the permission away from who keeps silent.
worker.addEventListener("push", (event) => event.waitUntil(show(said(event.data))));

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(localPath(event.notification.data?.path)));
});

/** What came with a push. @param {PushMessageData | null} data */
function said(data) {
  try {
    const { title, path } = data?.json() ?? {};
    return { title: typeof title === "string" && title ? title : "Roundbook 巡检簿", path: localPath(path) };
  } catch {
    return { title: "Roundbook 巡检簿", path: "/notifications" };
  }
}

/** A path of ours, whatever was said. @param {unknown} path */
function localPath(path) {
  return typeof path === "string" && /^\/(?![/\\])/.test(path) ? path : "/notifications";
}

/** What is newer of the same screen takes the older one's place. @param {{ title: string, path: string }} one */
async function show({ title, path }) {
  const options = { tag: path, data: { path }, icon: "/static/icons/icon-192.png", badge: "/static/icons/icon-192.png" };
  await worker.registration.showNotification(title, options);
  const pages = await worker.clients.matchAll({ type: "window" });
  for (const page of pages) page.postMessage({ type: "TOLD" });
}

/** The page that is open goes there by itself, so that nothing on it is lost; else there is a new one. @param {string} path */
async function open(path) {
  const pages = await worker.clients.matchAll({ type: "window" });
  const page = pages.find((one) => one.focused) ?? pages[0];
  if (!page) return void (await worker.clients.openWindow(`${path}${path.includes("?") ? "&" : "?"}told=1`));
  page.postMessage({ type: "OPEN", path });
  await page.focus().catch(() => undefined);
}
