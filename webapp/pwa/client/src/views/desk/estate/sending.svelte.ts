/** A form on its way to the server: busy, refused as a whole, or refused field by field. */
import { ApiError } from "../../../api/client";
import { errorText, isKey, t } from "../../../i18n";
import { session } from "../../../stores/session.svelte";
import { focusFirstWrong } from "../../../ui/wrong";

export class Sending {
  busy = $state(false);
  error = $state.raw<unknown>(null);
  /** What the form itself found, by field; taken before the server is asked. */
  own = $state.raw<Record<string, string>>({});

  /** Sends; true when the server took it. What was typed stays where it is either way. */
  async run(send: () => Promise<void>, form?: HTMLElement): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await send();
      return true;
    } catch (error) {
      this.error = error;
      await focusFirstWrong(form);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Takes the form's own findings; true when there are none. */
  check(found: Record<string, string | false | null | undefined>, form?: HTMLElement): boolean {
    const wrong = Object.entries(found).filter((entry): entry is [string, string] => Boolean(entry[1]));
    this.own = Object.fromEntries(wrong);
    this.error = null;
    if (wrong.length > 0) void focusFirstWrong(form);
    return wrong.length === 0;
  }

  /** What is wrong with a field, in words. */
  of(name: string): string | null {
    if (this.own[name]) return this.own[name];
    const fields = this.error instanceof ApiError ? this.error.fields : {};
    const under = ([path]: [string, unknown]) => path.startsWith(`${name}.`) || path.startsWith(`register.${name}`);
    const code = fields[name]?.[0] ?? Object.entries(fields).find(under)?.[1][0];
    return code === undefined ? null : codeText(code);
  }

  /** What to say over the form: nothing where the fields say it all. */
  get summary(): string | null {
    if (!this.error) return null;
    const wasOut = this.error instanceof ApiError && this.error.code === "unauthenticated";
    if (wasOut && session.state === "in") return t("form.signed_in_again");
    return errorText(this.error);
  }
}

/** The server's word for a field's fault; one that has no text is "not accepted". */
function codeText(code: string): string {
  const known = [`error.${code}`, `form.${code}`].find(isKey);
  return known && isKey(known) ? t(known) : t("form.refused");
}

/** Whether a text could be an IPv4 or IPv6 address, or is empty. */
export function looksLikeAddress(text: string): boolean {
  const given = text.trim();
  if (given === "") return true;
  const parts = given.split(".");
  if (parts.length === 4) return parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return /^[0-9a-f:]{2,39}$/i.test(given) && given.includes(":");
}
