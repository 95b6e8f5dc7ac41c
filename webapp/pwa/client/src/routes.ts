/** The table of screens: address, what is loaded for it, and how it is framed. */
import type { Component } from "svelte";
import { buildPath, matchPath, type Params, type ViewProps } from "./router";

type View = Component<ViewProps>;
type Loader = () => Promise<unknown>;

// Each screen is a chunk of its own; a phone never asks for one of the desk's.
const views: Record<string, Loader> = {
  ...import.meta.glob("./views/phone/{Home,Scan,Room,Inspect,Items,Sync,Me,Label,Told,Notices,Cases,Case,Declare}.svelte"),
  ...import.meta.glob(["./views/desk/*.svelte", "!./views/desk/Desk.svelte"]),
  ...import.meta.glob("./views/{SignIn,Kit,NotFound}.svelte"),
  ...import.meta.glob("./views/link/{Report,Quote,ReportHere,Fault}.svelte"),
};
const deskFrame: Record<string, Loader> = import.meta.glob("./views/desk/Desk.svelte");

const paths = {
  home: "/",
  scan: "/scan",
  room: "/rooms/:id",
  inspect: "/inspect/:taskId",
  items: "/items",
  sync: "/sync",
  me: "/me",
  told: "/notifications",
  notices: "/me/notices",
  label: "/d/:code",
  myCases: "/cases",
  myCase: "/cases/:uid",
  declare: "/declare",
  signIn: "/sign-in",
  kit: "/kit",
  desk: "/desk",
  board: "/desk/rounds/:month",
  ready: "/desk/ready/:month",
  latestReady: "/desk/ready",
  deskTold: "/desk/notifications",
  deskNotices: "/desk/notifications/choice",
  latestAcceptance: "/desk/acceptance",
  acceptance: "/desk/acceptance/:month",
  photos: "/desk/photos",
  inspection: "/desk/inspections/:id",
  openItems: "/desk/open-items",
  openItem: "/desk/open-items/:number",
  overview: "/desk/overview",
  cases: "/desk/cases",
  case: "/desk/cases/:name",
  mails: "/desk/mails",
  call: "/desk/call",
  serviceLog: "/desk/service-log",
  hours: "/desk/hours",
  knowledge: "/desk/knowledge",
  article: "/desk/knowledge/:number",
  spares: "/desk/spares",
  loans: "/desk/loans",
  quality: "/desk/quality",
  qualityChecks: "/desk/quality/checks",
  quotes: "/desk/quotes",
  quote: "/desk/quotes/:name",
  quoteEditor: "/desk/quotes/:name/edit",
  estate: "/desk/estate",
  import: "/desk/estate/import",
  device: "/desk/devices/:id",
  labels: "/desk/labels",
  firmware: "/desk/firmware",
  checklists: "/desk/checklists",
  checklist: "/desk/checklists/:number",
  people: "/desk/people",
  returns: "/desk/returns",
  contract: "/desk/contract",
  connections: "/desk/connections",
  quarantine: "/desk/quarantine",
  syncHealth: "/desk/sync",
  rescue: "/desk/rescue",
  figures: "/desk/figures",
  latestReport: "/desk/report",
  report: "/desk/report/:month",
  linkedReport: "/l/report/:token",
  linkedQuote: "/l/quote/:token",
  reportHere: "/d/:code/report",
  followedFault: "/f/:token",
} as const;

export type RouteName = keyof typeof paths;

/** `phone` screens frame themselves, `tab` ones get the bottom bar, `desk` ones the rail. */
export type Frame = "bare" | "phone" | "tab" | "desk";

export interface Route {
  name: RouteName;
  path: string;
  frame: Frame;
  /** Whether it can be seen without signing in. */
  open: boolean;
  load: () => Promise<View>;
}

const table: [RouteName, string, Frame, open?: boolean][] = [
  ["home", "phone/Home", "tab"],
  ["scan", "phone/Scan", "phone"],
  ["room", "phone/Room", "phone"],
  ["inspect", "phone/Inspect", "phone"],
  ["items", "phone/Items", "tab"],
  ["sync", "phone/Sync", "tab"],
  ["me", "phone/Me", "tab"],
  ["told", "phone/Told", "phone"],
  ["notices", "phone/Notices", "phone"],
  ["label", "phone/Label", "phone"],
  ["myCases", "phone/Cases", "phone"],
  ["myCase", "phone/Case", "phone"],
  ["declare", "phone/Declare", "phone"],
  ["signIn", "SignIn", "bare", true],
  ["kit", "Kit", "bare", true],
  ["desk", "desk/Board", "desk"],
  ["board", "desk/Board", "desk"],
  ["ready", "desk/Ready", "desk"],
  ["latestReady", "desk/Ready", "desk"],
  ["deskTold", "desk/Told", "desk"],
  ["deskNotices", "desk/Notices", "desk"],
  ["latestAcceptance", "desk/Acceptance", "desk"],
  ["acceptance", "desk/Acceptance", "desk"],
  ["photos", "desk/Photos", "desk"],
  ["inspection", "desk/Inspection", "desk"],
  ["openItems", "desk/OpenItems", "desk"],
  ["openItem", "desk/OpenItems", "desk"],
  ["overview", "desk/Overview", "desk"],
  ["cases", "desk/Cases", "desk"],
  ["case", "desk/Cases", "desk"],
  ["mails", "desk/Mails", "desk"],
  ["call", "desk/Call", "desk"],
  ["serviceLog", "desk/ServiceLog", "desk"],
  ["hours", "desk/Hours", "desk"],
  ["knowledge", "desk/Knowledge", "desk"],
  ["article", "desk/Knowledge", "desk"],
  ["spares", "desk/Spares", "desk"],
  ["loans", "desk/Loans", "desk"],
  ["quality", "desk/Quality", "desk"],
  ["qualityChecks", "desk/QualityChecks", "desk"],
  ["quotes", "desk/Quotes", "desk"],
  ["quote", "desk/Quotes", "desk"],
  ["quoteEditor", "desk/QuoteEditor", "desk"],
  ["estate", "desk/Estate", "desk"],
  ["import", "desk/Import", "desk"],
  ["device", "desk/Device", "desk"],
  ["labels", "desk/Labels", "desk"],
  ["firmware", "desk/Firmware", "desk"],
  ["checklists", "desk/Checklists", "desk"],
  ["checklist", "desk/Checklists", "desk"],
  ["people", "desk/People", "desk"],
  ["returns", "desk/Returns", "desk"],
  ["contract", "desk/Contract", "desk"],
  ["connections", "desk/Connections", "desk"],
  ["quarantine", "desk/Quarantine", "desk"],
  ["syncHealth", "desk/SyncHealth", "desk"],
  ["rescue", "desk/Rescue", "desk"],
  ["figures", "desk/Figures", "desk"],
  ["latestReport", "desk/Report", "desk"],
  ["report", "desk/Report", "desk"],
  ["linkedReport", "link/Report", "bare", true],
  ["linkedQuote", "link/Quote", "bare", true],
  ["reportHere", "link/ReportHere", "bare", true],
  ["followedFault", "link/Fault", "bare", true],
];

/** A screen that is not in the list above would be "nothing here" for whoever follows its link. */
function loaderOf(view: string): () => Promise<View> {
  const load = views[`./views/${view}.svelte`];
  if (!load) throw new Error(`no such screen: ${view}`);
  return () => loadView(load);
}

export const routes: Route[] = table.map(([name, view, frame, open = false]) => ({
  name,
  path: paths[name],
  frame,
  open,
  load: loaderOf(view),
}));

const notFound = {
  path: "",
  frame: "bare",
  open: true,
  load: () => loadView(views["./views/NotFound.svelte"]),
} as const;

/** The route of a path with its parameters; the screen "nothing here" where none fits. */
export function findRoute(path: string): { route: Route; params: Record<string, string> } {
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (params) return { route, params };
  }
  return { route: { ...notFound, name: "home" }, params: {} };
}

/** The address of a screen: `href("room", { id: 4 })`. */
export function href<Name extends RouteName>(
  name: Name,
  ...[params, query]: Params<(typeof paths)[Name]> extends Record<string, never>
    ? [params?: Record<string, never>, query?: Query]
    : [params: Params<(typeof paths)[Name]>, query?: Query]
): string {
  return buildPath(paths[name], (params ?? {}) as Params<(typeof paths)[Name]>, query);
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** The desk's frame (its rail) and texts: loaded only with the first of its screens. */
export async function loadDeskFrame(): Promise<Component<DeskFrameProps>> {
  await import("./i18n/desk");
  return (await loadModule(deskFrame["./views/desk/Desk.svelte"])) as Component<DeskFrameProps>;
}

export interface DeskFrameProps {
  route: RouteName;
  children: import("svelte").Snippet;
}

/** What stands before the phone's screens: it asks the phone's database, which the desk never loads. */
export async function loadStorageGate(): Promise<Component<{ children: import("svelte").Snippet }>> {
  return (await import("./views/phone/StorageGate.svelte")).default;
}

async function loadView(load: Loader | undefined): Promise<View> {
  return (await loadModule(load ?? views["./views/NotFound.svelte"])) as View;
}

async function loadModule(load: Loader): Promise<unknown> {
  return ((await load()) as { default: unknown }).default;
}
