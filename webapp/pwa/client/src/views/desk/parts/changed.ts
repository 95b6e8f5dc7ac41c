/**
 * What of a form is to be sent: only what was changed in it. Whatever else it shows may have been
 * changed by a colleague since it was opened, and stays as he left it.
 */
export function changedOf<Body extends object>(body: Body, begun: Body): Partial<Body> {
  const changed = Object.entries(body).filter(([key, value]) => !isSame(value, begun[key as keyof Body]));
  return Object.fromEntries(changed) as Partial<Body>;
}

/** Of plain data, as it goes to the server. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
