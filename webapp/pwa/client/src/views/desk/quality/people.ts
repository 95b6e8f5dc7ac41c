/** Whom a check or an action may be given to: the provider's own people. */
import { pickName } from "../../../i18n";
import { lookups } from "../parts/lookups.svelte";

export function people(): { value: string; text: string }[] {
  lookups.load();
  return lookups.engineers.map((one) => ({ value: String(one.user_id), text: pickName(one.name, one.name_en) }));
}
