/** Addresses for `<img src>` of many photos at once, given back when the component goes. */
import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { databaseOpen, loadPhoto, watch } from "../db";

/** Must be called while a component is set up; `of(id)` is "" until the picture is there. */
export function pictures(
  ids: () => readonly string[],
  size: "thumb" | "full" = "thumb",
): { of(id: string): string } {
  const urls = new SvelteMap<string, string>();

  async function found(wanted: readonly string[]): Promise<[string, Blob][]> {
    const looked = await Promise.all(wanted.map(async (id) => [id, await loadPhoto(id, size)] as const));
    return looked.filter((pair): pair is [string, Blob] => pair[1] !== null);
  }

  // One that is not there yet comes with a later pull: it is looked for until then.
  $effect(() => {
    if (!databaseOpen()) return;
    const all = ids();
    const wanted = untrack(() => all.filter((id) => !urls.has(id)));
    if (wanted.length === 0) return;
    return watch(
      () => found(wanted.filter((id) => !urls.has(id))),
      (here) => here.forEach(([id, blob]) => urls.has(id) || urls.set(id, URL.createObjectURL(blob))),
    );
  });
  $effect(() => () => urls.forEach((url) => URL.revokeObjectURL(url)));
  return { of: (id) => urls.get(id) ?? "" };
}
