/** A photo's bytes as an address for `<img src>`, given back when the component goes. */
import { currentDatabase, hasDatabase } from "./open";
import { loadPhoto } from "./photos";
import { watch } from "./watch";

export interface PictureSource {
  /** A `blob:` address; null while it loads, and when there is no such picture on this phone. */
  readonly url: string | null;
  /** Whether the phone has looked and found nothing. */
  readonly absent: boolean;
}

/** Must be called while a component is set up: `picture(() => id, "full")`. */
export function picture(
  id: () => string | null | undefined,
  size: "thumb" | "full" = "thumb",
): PictureSource {
  let url = $state<string | null>(null);
  let absent = $state(false);
  $effect(() => {
    const wanted = id();
    if (!wanted || !hasDatabase()) return;
    let made: string | null = null;
    // Last month's pictures come one by one after the round: it is looked for until it is here.
    const endLooking = watch(
      async () => loadPhoto(currentDatabase(), wanted, size),
      (blob) => {
        if (made) return;
        absent = blob === null;
        made = url = blob && URL.createObjectURL(blob);
      },
      () => (absent = made === null),
    );
    return () => {
      endLooking();
      url = null;
      absent = false;
      if (made) URL.revokeObjectURL(made);
    };
  });
  return {
    get url() {
      return url;
    },
    get absent() {
      return absent;
    },
  };
}
