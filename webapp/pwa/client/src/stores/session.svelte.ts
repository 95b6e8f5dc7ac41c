/**
 * Who is signed in on this device, and with which contract.
 *
 * The last answer is kept, so that a cold start without a network lands in the app. Being offline
 * never signs anyone out; only the server's own 401 does, and even that keeps what was recorded.
 */
import { api, ApiError, NetworkError, onSignedOut } from "../api/client";
import { usePasskey } from "../api/passkeys";
import type { ContractAccess, SessionAnswer, User } from "../api/types";
import { forget } from "../push.svelte";
import { settings, type Language } from "./settings.svelte";
import { readStored, writeStored } from "./stored";

const KEY = "roundbook.session";
const CONTRACT_KEY = "roundbook.contract";
const LEAVING_KEY = "roundbook.leaving";

/**
 * `unknown`: asking for the first time · `in`: the server knows us, or did when last asked ·
 * `expired`: the server wants the password again, the phone still works · `out`: nobody.
 */
export type SessionState = "unknown" | "in" | "expired" | "out";

class Session {
  state = $state<SessionState>("unknown");
  answer = $state.raw<SessionAnswer | null>(null);
  /** Whether the last attempt to reach the server succeeded. */
  reachable = $state(true);
  /** Whether the desk asks for the password, over what it shows: a change was refused, or somebody pressed for it. */
  asks = $state(false);
  #contractCode = $state<string | null>(null);
  /** A language was pressed while nobody was signed in. */
  #spoken = false;

  get user(): User | null {
    return this.answer?.user ?? null;
  }

  get contracts(): ContractAccess[] {
    return this.answer?.contracts ?? [];
  }

  /** The contract that is being worked on: the chosen one, else the first. */
  get contract(): ContractAccess | null {
    const chosen = this.contracts.find((contract) => contract.code === this.#contractCode);
    return chosen ?? this.contracts[0] ?? null;
  }

  /** The path of a contract's resource: `session.path("rounds")`. */
  path(resource: string): string {
    return `/api/contracts/${encodeURIComponent(this.contract?.code ?? "")}/${resource}`;
  }

  can(right: string): boolean {
    return this.contract?.rights.includes(right) ?? false;
  }

  /**
   * Takes what was kept at once, then asks the server; `ask: false` leaves that out where nothing
   * was kept and the sign-in is open anyway. Never throws.
   */
  async start({ ask = true } = {}): Promise<void> {
    const kept = readStored<SessionAnswer>(KEY);
    this.#contractCode = readStored<string>(CONTRACT_KEY);
    if (kept) this.#enter(kept);
    onSignedOut((method) => this.#expire(method !== "GET"));
    if (readStored<boolean>(LEAVING_KEY)) await this.#leave();
    if (ask || kept) await this.refresh();
    else this.state = "out";
  }

  async refresh(): Promise<void> {
    if (readStored<boolean>(LEAVING_KEY)) return this.#stayOut();
    try {
      this.#enter(await api.get<SessionAnswer>("/api/session"));
      this.reachable = true;
    } catch (error) {
      this.reachable = !(error instanceof NetworkError);
      if (error instanceof ApiError && error.status === 401) this.#expire();
      if (this.state === "unknown") this.state = "out";
    }
  }

  /** @throws ApiError `sign_in_failed`, `too_many_requests`; NetworkError */
  async signIn(login: string, password: string): Promise<void> {
    await this.#begin("/api/session", { login, password });
  }

  /** @throws ApiError `sign_in_failed`, `too_many_requests`; NetworkError; PasskeyCancelled */
  async signInByPasskey(): Promise<void> {
    const { options } = await api.post<{ options: Record<string, unknown> }>("/api/session/passkey/options");
    await this.#begin("/api/session/passkey", { credential: await usePasskey(options) });
  }

  async #begin(path: string, proof: Record<string, unknown>): Promise<void> {
    const answer = await api.post<SessionAnswer>(path, { ...proof, device_name: deviceName() });
    writeStored(LEAVING_KEY, null);
    const before = this.user?.id;
    this.#enter(answer);
    // Who has just pressed a language at the sign-in means himself.
    if (this.#spoken) this.speak(settings.language);
    else if (before !== answer.user.id) this.#adopt(answer.user.language);
  }

  /** This device speaks it from now on; so do mails and his next device, once the server hears of it. */
  speak(language: Language): void {
    settings.setLanguage(language);
    this.#spoken = this.state !== "in";
    if (!this.#spoken) api.patch("/api/me", { language }).catch(() => undefined);
  }

  /** Ends the session on the server where it can be reached, and on this device in any case. */
  async signOut(): Promise<void> {
    void forget();
    this.answer = null;
    this.state = "out";
    writeStored(KEY, null);
    await this.#leave();
  }

  /** A sign-out without a network is made up for at the next start. */
  async #leave(): Promise<void> {
    writeStored(LEAVING_KEY, true);
    try {
      await api.delete("/api/session");
      writeStored(LEAVING_KEY, null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) writeStored(LEAVING_KEY, null);
    }
  }

  chooseContract(code: string): void {
    this.#contractCode = code;
    writeStored(CONTRACT_KEY, code);
  }

  #enter(answer: SessionAnswer): void {
    this.answer = answer;
    this.state = "in";
    this.asks = false;
    writeStored(KEY, answer);
  }

  #expire(changing = false): void {
    this.state = this.answer ? "expired" : "out";
    this.asks ||= changing && this.answer !== null;
  }

  /** The server still holds a session that the user has ended here: it is not taken up again. */
  #stayOut(): void {
    if (this.state === "unknown") this.state = "out";
  }

  #adopt(language: string): void {
    if (language === "zh" || language === "en") settings.setLanguage(language as Language);
  }
}

/** What the list of sessions calls this device: its system and its browser. */
export function deviceName(): string {
  const agent = navigator.userAgent;
  const systems = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"];
  const browsers = ["MicroMessenger", "Edg", "HuaweiBrowser", "MiuiBrowser", "Firefox", "Chrome", "Safari"];
  const shown: Record<string, string> = { "Mac OS X": "macOS", Edg: "Edge", MicroMessenger: "WeChat" };
  const found = [systems, browsers].map((names) => names.find((name) => agent.includes(name)));
  return found.map((name) => (name ? (shown[name] ?? name) : "")).filter(Boolean).join(" · ");
}

export const session = new Session();
