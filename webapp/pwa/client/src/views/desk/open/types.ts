import type { components } from "../../../api/schema";

export type Token = Omit<components["schemas"]["Token"], "state"> & { state: "living" | "expired" | "revoked" };
export type MadeToken = Token & { token: string };

export const AREAS = ["estate", "rounds", "service", "reports"] as const;

export type Webhook = components["schemas"]["Webhook"];
export type MadeWebhook = components["schemas"]["WebhookMade"];
export type Attempt = components["schemas"]["Attempt"];
export type Delivery = Omit<components["schemas"]["Delivery"], "state"> & { state: "waiting" | "delivered" | "given_up" };

export interface Page<Row> {
  items: Row[];
  total: number;
}

/** As `webapp/webhooks/rules.py` has them. */
export const EVENTS = [
  "fault.declared",
  "case.opened",
  "case.step_taken",
  "round.due",
  "round.accepted",
  "report.issued",
  "report.confirmed",
  "quote.sent",
  "quote.approved",
  "quote.declined",
] as const;
