import { localPath, navigate, toldPath } from "./router";
import { told } from "./stores/told.svelte";

/**
 * Registers the service worker and tells when a newer version of the app waits.
 *
 * The new version takes over only when the user agrees (`applyUpdate`): a page is never
 * reloaded under an engineer's hands.
 */
class Pwa {
  /** A newer version is on this device and waits for the user's word. */
  updateReady = $state(false);
  /** The shell is kept on this device: a cold start works without a network. */
  offlineReady = $state(false);
  /** The browser's own offer to install, where there is one. */
  installOffer = $state.raw<InstallOffer | null>(null);
  registration: ServiceWorkerRegistration | null = null;
}

/** The event of Chromium browsers; others install from their own menu. */
interface InstallOffer extends Event {
  prompt(): Promise<void>;
  userChoice: Promise<{ outcome: "accepted" | "dismissed" }>;
}

export const pwa = new Pwa();
const IDLE_WITHIN_MS = 2_000;
const ASK_AGAIN_MS = 3_000;
const FIRST_PAUSE_MS = 3_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
let pause = FIRST_PAUSE_MS;
let planned = false;
const followed = new WeakSet<ServiceWorker>();
let reloading = false;

export function registerWorker(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    pwa.installOffer = event as InstallOffer;
  });
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  pwa.offlineReady = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    pwa.offlineReady = true;
    if (reloading) location.reload();
  });
  // It may have taken its pages over while this one was on its way: it is asked to look again.
  void navigator.serviceWorker.ready.then(({ active }) => {
    if (!navigator.serviceWorker.controller) active?.postMessage({ type: "CLAIM" });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") pwa.registration?.update().catch(() => undefined);
  });
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.type === "OPEN" && typeof data.path === "string") navigate(toldPath(localPath(data.path)));
    if (data?.type === "TOLD") void told.refresh();
  });
  whenIdle(register);
}

/** Puts the worker on this device; one file that doesn't come undoes it all, and it is tried again. */
function register(): void {
  navigator.serviceWorker
    .register("/sw.js", { scope: "/", updateViaCache: "none" })
    .then(watch)
    .catch(tryAgain);
}

/** Later, and each time later: the engineer walks, and the next room may have a signal. */
function tryAgain(): void {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    register();
  }, pause);
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
}

/** Its install fetches a megabyte: the first screen goes before it, but not for long. */
function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: IDLE_WITHIN_MS });
  else setTimeout(work, IDLE_WITHIN_MS);
}

/**
 * Lets the waiting version take over and reloads the page with it. Asked again until it has: a version
 * newer still may have taken the waiting one's place meanwhile, and who was told first is gone.
 */
export function applyUpdate(): void {
  const waiting = pwa.registration?.waiting;
  // It has taken over, or another tab had let it in before: this page is the last of the old one.
  if (!waiting) return location.reload();
  reloading = true;
  waiting.postMessage({ type: "SKIP_WAITING" });
  setTimeout(applyUpdate, ASK_AGAIN_MS);
}

/** Shows the browser's install dialog; the answer is whether the user installed. */
export async function install(): Promise<boolean> {
  const offer = pwa.installOffer;
  if (!offer) return false;
  await offer.prompt();
  pwa.installOffer = null;
  return (await offer.userChoice).outcome === "accepted";
}

function watch(registration: ServiceWorkerRegistration): void {
  pwa.updateReady = registration.waiting !== null;
  follow(registration);
  if (registration === pwa.registration) return;
  pwa.registration = registration;
  registration.addEventListener("updatefound", () => follow(registration));
}

/** The install may have begun before this page was there to hear of it. */
function follow(registration: ServiceWorkerRegistration): void {
  const incoming = registration.installing;
  if (!incoming || followed.has(incoming)) return;
  followed.add(incoming);
  const replaces = registration.active !== null;
  let isInstalled = false;
  incoming.addEventListener("statechange", () => {
    if (incoming.state === "installed") {
      isInstalled = true;
      pause = FIRST_PAUSE_MS;
      if (replaces) pwa.updateReady = true;
    } else if (incoming.state === "redundant" && !isInstalled) tryAgain();
  });
}
