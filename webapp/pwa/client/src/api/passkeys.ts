/**
 * The browser's own calls for passkeys (WebAuthn), which speak in bytes where the server speaks in text.
 *
 * The browser could translate by itself (`parseCreationOptionsFromJSON`), but not every one that has passkeys.
 */

/** Nothing came of it: called off, out of time, or no passkey of this site is on this device. */
export class PasskeyCancelled extends Error {}

type Json = Record<string, unknown>;

/** Whether this browser knows passkeys at all, and the page is one that may ask for them. */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && window.isSecureContext;
}

/** Has the device make a passkey. @throws PasskeyCancelled */
export async function createPasskey(options: Json): Promise<Json> {
  const made = await asked(() =>
    navigator.credentials.create({ publicKey: inBytes(options) as unknown as PublicKeyCredentialCreationOptions }),
  );
  const response = made.response as AuthenticatorAttestationResponse;
  return answer(made, {
    clientDataJSON: toText(response.clientDataJSON),
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

/** Has the owner sign in with a passkey of this site. @throws PasskeyCancelled */
export async function usePasskey(options: Json): Promise<Json> {
  const used = await asked(() =>
    navigator.credentials.get({ publicKey: inBytes(options) as unknown as PublicKeyCredentialRequestOptions }),
  );
  const response = used.response as AuthenticatorAssertionResponse;
  return answer(used, {
    clientDataJSON: toText(response.clientDataJSON),
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : null,
  });
}

async function asked(call: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await call();
    if (credential) return credential as PublicKeyCredential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  throw new PasskeyCancelled();
}

function answer(credential: PublicKeyCredential, response: Json): Json {
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response };
}

/** The options with bytes in place of the texts that stand for bytes. */
function inBytes(options: Json): Json {
  const made: Json = { ...options, challenge: toBytes(options.challenge as string) };
  const user = options.user as Json | undefined;
  if (user) made.user = { ...user, id: toBytes(user.id as string) };
  for (const name of ["excludeCredentials", "allowCredentials"]) {
    const list = options[name] as Json[] | undefined;
    if (list) made[name] = list.map((one) => ({ ...one, id: toBytes(one.id as string) }));
  }
  return made;
}

/** Bytes of base64url. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

/** Base64url of bytes, without padding. */
export function toText(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (one) => String.fromCharCode(one)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
