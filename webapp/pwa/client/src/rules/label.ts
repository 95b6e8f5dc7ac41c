/**
 * Label codes, as webapp/estate/rules.py has them; both sides run tests/vectors/label_codes.json.
 * A scan only ever yields a code to look up in the phone's own copy: nothing that is read from a
 * label is navigated to.
 */
export const ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ";
const CODE_LENGTH = 8;
const LONGEST_SCAN = 4096;
const PRIME = 29;
const DASHES = /[\s\-\u2010-\u2015\u2212\u00ad\u200b-\u200d\ufeff_.·]+/g;
const LINK =
  /^(?:https?:\/\/[^/?#\s\\@]+)?(?:\/[^?#\s\\]*)?\/d\/([^/?#\s\\]+)\/?(?:[?#].*)?$/i;

/** Whether `code` is eight letters of the alphabet whose check letter holds. */
export function isCode(code: string): boolean {
  if (code.length !== CODE_LENGTH) return false;
  let total = 0;
  for (let place = 0; place < CODE_LENGTH; place++) {
    const value = ALPHABET.indexOf(code.charAt(place));
    if (value < 0) return false;
    total += (CODE_LENGTH - place) * value;
  }
  return total % PRIME === 0;
}

/** A code as people read it: `XXXX-XXXX`. */
export function shownCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** The label code in what a camera read or a person typed; null when there is none. */
export function parseLabel(scanned: string): string | null {
  if (scanned.length > LONGEST_SCAN) return null;
  const text = scanned.normalize("NFKC").trim();
  const link = LINK.exec(text);
  const code = (link?.[1] ?? text).replace(DASHES, "").toUpperCase();
  return isCode(code) ? code : null;
}
