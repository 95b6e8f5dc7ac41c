/** The day of a moment, as the contract's people count days. */
import { dayIn, formatDate } from "../../../i18n";
import { session } from "../../../stores/session.svelte";

export function dayOf(moment: string): string {
  return formatDate(dayIn(session.contract?.time_zone, moment));
}
