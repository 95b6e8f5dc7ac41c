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
  whenIdle(() => {
    navigator.serviceWorker
      .register("/sw.js", { scope: "/", updateViaCache: "none" })
      .then(watch)
      .catch(() => undefined);
  });
}

/** Its install fetches a megabyte: the first screen goes before it, but not for long. */
function whenIdle(work: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: IDLE_WITHIN_MS });
  else setTimeout(work, IDLE_WITHIN_MS);
}

/** Lets the waiting version take over and reloads the page with it. */
export function applyUpdate(): void {
  const waiting = pwa.registration?.waiting;
  // Another tab has let the new version in already: this page is the last of the old one.
  if (!waiting) return location.reload();
  reloading = true;
  waiting.postMessage({ type: "SKIP_WAITING" });
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
  pwa.registration = registration;
  pwa.updateReady = registration.waiting !== null;
  registration.addEventListener("updatefound", () => {
    const incoming = registration.installing;
    incoming?.addEventListener("statechange", () => {
      const replaces = navigator.serviceWorker.controller !== null;
      if (incoming.state === "installed" && replaces) pwa.updateReady = true;
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") registration.update().catch(() => undefined);
  });
}
