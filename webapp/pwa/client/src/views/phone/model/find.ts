/** Finding a room or a device by what an engineer remembers of it. Pure. */
import { foldText } from "../../../rules/checklist";

export interface Findable {
  /** Everything that it can be found by, in any order. */
  words: (string | null | undefined)[];
}

/** The folded text to search in: made once a row, not once a keystroke. */
export function haystack(words: Findable["words"]): string {
  return foldText(words.filter(Boolean).join(" \u0001 "));
}

/** Whether every word of the query is somewhere in the folded text. */
export function makeMatcher(query: string): (folded: string) => boolean {
  const wanted = foldText(query).split(" ").filter(Boolean);
  return (folded) => wanted.every((word) => folded.includes(word));
}
