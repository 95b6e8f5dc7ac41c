/** Delivery, as the screens use it; see README.md in this folder. */
export { rescueFile, startPhone, syncNow } from "./phone.svelte";
export type { RescueFile } from "./rescue";
