/** The desk's screens, as the rail and the keys know them. */
import type { Key } from "../../../i18n";
import { href, type RouteName } from "../../../routes";
import { session } from "../../../stores/session.svelte";
import type { IconName } from "../../../ui/icons";

export interface Place {
  name: RouteName;
  /** The screens that belong to it, besides itself. */
  also: RouteName[];
  icon: IconName;
  text: Key;
  go: Key;
  href: string;
  /** Pressed after `g`. */
  key: string;
  right?: string;
}

/** What shows nothing of a contract: who has none, as on a new server, may still go there. */
const WITHOUT_CONTRACT = new Set<RouteName>(["connections", "deskTold", "deskNotices"]);

export function needsContract(route: RouteName): boolean {
  if (route === "people") return !session.user?.is_admin;
  return !WITHOUT_CONTRACT.has(route);
}

/** Whether there is anything to see for this person, in his contract or without one. */
export function isOpen(place: Place): boolean {
  if (!session.contract) return !needsContract(place.name);
  return !place.right || session.can(place.right);
}

export const places: { title: Key; places: Place[] }[] = [
  {
    title: "desk.group_round",
    places: [
      { name: "desk", also: ["board", "inspection"], icon: "board", text: "desk.nav_board", go: "desk.go_board", href: href("desk"), key: "b" },
      { name: "latestReady", also: ["ready"], icon: "calendar", text: "desk.nav_ready", go: "desk.go_ready", href: href("latestReady"), key: "d" },
      { name: "photos", also: [], icon: "image", text: "desk.nav_photos", go: "desk.go_photos", href: href("photos"), key: "p" },
      { name: "returns", also: [], icon: "undo", text: "desk.nav_returns", go: "desk.go_returns", href: href("returns"), key: "t" },
      { name: "latestAcceptance", also: ["acceptance"], icon: "shield", text: "desk.nav_acceptance", go: "desk.go_acceptance", href: href("latestAcceptance"), key: "a" },
      { name: "openItems", also: ["openItem"], icon: "flag", text: "desk.nav_open_items", go: "desk.go_open_items", href: href("openItems"), key: "o" },
      { name: "figures", also: [], icon: "trend", text: "desk.nav_figures", go: "desk.go_figures", href: href("figures"), key: "f" },
      { name: "quality", also: ["qualityChecks"], icon: "warranty", text: "desk.nav_quality", go: "desk.go_quality", href: href("quality"), key: "z", right: "handle" },
      { name: "latestReport", also: ["report"], icon: "note", text: "desk.nav_report", go: "desk.go_report", href: href("latestReport"), key: "r" },
      { name: "quarantine", also: [], icon: "quarantine", text: "desk.nav_quarantine", go: "desk.go_quarantine", href: href("quarantine"), key: "q", right: "review" },
      { name: "syncHealth", also: ["rescue"], icon: "sync", text: "desk.nav_sync", go: "desk.go_sync", href: href("syncHealth"), key: "s", right: "manage_round" },
    ],
  },
  {
    title: "desk.group_cases",
    places: [
      { name: "overview", also: [], icon: "home", text: "desk.nav_overview", go: "desk.go_overview", href: href("overview"), key: "y", right: "confirm" },
      { name: "cases", also: ["case", "call"], icon: "clock", text: "desk.nav_cases", go: "desk.go_cases", href: href("cases"), key: "v" },
      { name: "mails", also: [], icon: "archive", text: "desk.nav_mails", go: "desk.go_mails", href: href("mails"), key: "i", right: "review" },
      { name: "serviceLog", also: [], icon: "history", text: "desk.nav_log", go: "desk.go_log", href: href("serviceLog"), key: "j" },
      { name: "hours", also: [], icon: "moon", text: "desk.nav_hours", go: "desk.go_hours", href: href("hours"), key: "h" },
      { name: "knowledge", also: ["article"], icon: "help", text: "desk.nav_knowledge", go: "desk.go_knowledge", href: href("knowledge"), key: "w" },
      { name: "spares", also: ["loans"], icon: "consumable", text: "desk.nav_spares", go: "desk.go_spares", href: href("spares"), key: "x" },
      { name: "quotes", also: ["quote", "quoteEditor"], icon: "checkAll", text: "desk.nav_quotes", go: "desk.go_quotes", href: href("quotes"), key: "u" },
    ],
  },
  {
    title: "desk.group_estate",
    places: [
      { name: "estate", also: ["import", "device"], icon: "building", text: "desk.nav_estate", go: "desk.go_estate", href: href("estate"), key: "e" },
      { name: "labels", also: [], icon: "label", text: "desk.nav_labels", go: "desk.go_labels", href: href("labels"), key: "l" },
      { name: "firmware", also: [], icon: "device", text: "desk.nav_firmware", go: "desk.go_firmware", href: href("firmware"), key: "1" },
      { name: "checklists", also: ["checklist"], icon: "checklist", text: "desk.nav_checklists", go: "desk.go_checklists", href: href("checklists"), key: "c" },
      { name: "people", also: [], icon: "people", text: "desk.nav_people", go: "desk.go_people", href: href("people"), key: "m" },
      { name: "contract", also: [], icon: "settings", text: "desk.nav_contract", go: "desk.go_contract", href: href("contract"), key: "k", right: "manage_people" },
      { name: "connections", also: [], icon: "link", text: "desk.nav_open", go: "desk.go_open", href: href("connections"), key: "n" },
    ],
  },
];
