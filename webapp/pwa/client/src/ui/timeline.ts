import type { IconName } from "./icons";
import type { State } from "./states";

/** One thing that happened: `at` is a UTC moment in ISO form. */
export interface TimelineEntry {
  id: string | number;
  at: string;
  title: string;
  text?: string;
  who?: string;
  state?: State;
  icon?: IconName;
}
