/** Ids and digests, by the platform's own cryptography. */

let lastMs = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562): sorted by the time it was made, also within one millisecond and when the
 * phone's clock is set back while the app runs.
 */
export function uuidv7(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (now > lastMs) {
    lastMs = now;
    counter = ((bytes[6]! & 0x07) << 8) | bytes[7]!;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  let rest = lastMs;
  for (let place = 5; place >= 0; place--) {
    bytes[place] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = toHex(bytes);
  return [0, 8, 12, 16, 20].map((from, i, all) => hex.slice(from, all[i + 1])).join("-");
}

export async function sha256(data: BufferSource): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

export async function sha256Hex(data: BufferSource | string): Promise<string> {
  return toHex(await sha256(typeof data === "string" ? new TextEncoder().encode(data) : data));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A hex digest as the value of `Repr-Digest` (RFC 9530). */
export function reprDigest(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  const binary = String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16)));
  return `sha-256=:${btoa(binary)}:`;
}

export function isoNow(now = Date.now()): string {
  return new Date(now).toISOString();
}
