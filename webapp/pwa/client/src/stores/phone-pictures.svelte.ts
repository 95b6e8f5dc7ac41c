/** Addresses for `<img src>` of many photos at once, given back when the component goes. */
import { SvelteMap } from "svelte/reactivity";
import { databaseOpen, loadPhoto } from "../db";

/** Must be called while a component is set up; `of(id)` is "" until the picture is there. */
export function pictures(
  ids: () => readonly string[],
  size: "thumb" | "full" = "thumb",
): { of(id: string): string } {
  const urls = new SvelteMap<string, string>();
  const asked = new Set<string>();
  let gone = false;

  async function load(id: string): Promise<void> {
    const blob = await loadPhoto(id, size).catch(() => null);
    if (gone) return;
    if (blob) urls.set(id, URL.createObjectURL(blob));
    // One that is not there yet may come with the next pull.
    else asked.delete(id);
  }

  $effect(() => {
    if (!databaseOpen()) return;
    for (const id of ids()) {
      if (asked.has(id)) continue;
      asked.add(id);
      void load(id);
    }
  });
  $effect(() => () => {
    gone = true;
    urls.forEach((url) => URL.revokeObjectURL(url));
  });
  return { of: (id) => urls.get(id) ?? "" };
}
