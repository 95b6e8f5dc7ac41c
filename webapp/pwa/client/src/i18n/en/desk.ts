import type zh from "../zh/desk";

export default {
  "desk.title": "Desk",
} satisfies Record<keyof typeof zh, string>;
