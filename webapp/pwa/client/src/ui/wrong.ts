import { tick } from "svelte";

const WRONG = "[aria-invalid=true], .wrong[role=alert]";

/**
 * Brings the first field that is wrong into sight and the keyboard to it, once it is marked: on a
 * phone the button that says no is often a screen away from what it is about. Without a form it is
 * looked for in the sheet that is open, or on the page.
 */
export async function focusFirstWrong(form?: ParentNode): Promise<void> {
  await tick();
  const sheets = document.querySelectorAll("dialog[open]");
  const within = form ?? sheets[sheets.length - 1] ?? document;
  const wrong = within.querySelector<HTMLElement>(WRONG);
  wrong?.focus({ preventScroll: true });
  wrong?.scrollIntoView({ block: "center" });
}
