/** The day of a moment, as the contract's people count days. */
import { formatDate } from "../../../i18n";
import { session } from "../../../stores/session.svelte";

export function dayOf(moment: string): string {
  const zone = session.contract?.time_zone;
  return formatDate(new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(moment)));
}
