/**
 * Whether this browser takes part in pushes: by an explicit press, until it is switched off or signed out.
 *
 * The server seals each push for this browser alone; the browser's maker carries it and can't read it.
 */
import { api } from "./api/client";

/** `unable`: no such thing here · `installed_only`: an iPhone wants the app on the home screen first. */
export type PushState = "unknown" | "unable" | "installed_only" | "denied" | "off" | "on";

export interface PushDevice {
  endpoint: string;
  last_sent_at: string | null;
  last_error: string;
}

class Push {
  state = $state<PushState>("unknown");

  /** How it stands, by the browser and by what the server knows of it. Asks nobody for anything. */
  async look(key: string, device: PushDevice | null): Promise<void> {
    this.state = await standing(key, device);
  }

  /** Asks for the permission, where it is not given yet, and takes part. @throws ApiError, NetworkError, DOMException */
  async start(key: string): Promise<void> {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") {
      this.state = permission === "denied" ? "denied" : "off";
      return;
    }
    const manager = (await navigator.serviceWorker.ready).pushManager;
    const before = await manager.getSubscription();
    if (before && keyOf(before) !== key) await before.unsubscribe();
    const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
    await tellServer(await manager.subscribe(options));
    this.state = "on";
  }

  /** @throws ApiError, NetworkError */
  async stop(): Promise<void> {
    await forget();
    await api.delete("/api/me/push");
    this.state = "off";
  }
}

export const push = new Push();

/** This browser hears nothing any more: at signing out, with or without a network. Never throws. */
export async function forget(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  } catch {
    // The server ends it with the session.
  }
}

async function standing(key: string, device: PushDevice | null): Promise<PushState> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    const apple = /iPhone|iPad/.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches;
    return apple ? "installed_only" : "unable";
  }
  if (Notification.permission === "denied") return "denied";
  const registration = await navigator.serviceWorker.getRegistration();
  const here = await registration?.pushManager.getSubscription().catch(() => null);
  if (!here || Notification.permission !== "granted") return "off";
  // Subscribed with another server's key, or one that was lost: nothing would arrive.
  if (keyOf(here) !== key) return "off";
  if (device?.endpoint !== here.endpoint) return "off";
  return "on";
}

async function tellServer(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  await api.post("/api/me/push", { endpoint, p256dh: keys?.p256dh, auth: keys?.auth });
}

function keyOf(subscription: PushSubscription): string {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const plain = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
