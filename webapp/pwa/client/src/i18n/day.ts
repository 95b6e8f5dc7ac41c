/** The day in a time zone: of no language, and of no screen. */
const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/**
 * The day that a moment has in a time zone (the phone's own without one), as `YYYY-MM-DD`. Put together
 * from its parts: no locale writes a day so on every engine; en-CA, which did, doesn't on some iPhones.
 */
export function dayIn(timeZone: string | undefined, moment: string | number | Date = Date.now()): string {
  const parts = Object.fromEntries(formatOf(timeZone).formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
  return `${parts.year!.padStart(4, "0")}-${parts.month}-${parts.day}`;
}

/** Making a format costs more than a whole row of a list: one for each zone. */
function formatOf(timeZone: string | undefined): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const made = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", { ...parts, timeZone });
  formats.set(timeZone, made);
  return made;
}
