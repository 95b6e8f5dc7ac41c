import { tick } from "svelte";

/**
 * Brings the first field that is wrong into sight and the keyboard to it, once it is marked: on a phone
 * the button that says no is often a screen away from what it is about. Without a form it is looked for in the sheet that is
 * open, or on the page.
 */
export async function focusFirstWrong(form?: ParentNode): Promise<void> {
  await tick();
  const sheets = document.querySelectorAll("dialog[open]");
  const wrong = (form ?? sheets[sheets.length - 1] ?? document).querySelector<HTMLElement>("[aria-invalid=true], .wrong[role=alert]");
  wrong?.focus({ preventScroll: true });
  wrong?.scrollIntoView({ block: "center" });
}
