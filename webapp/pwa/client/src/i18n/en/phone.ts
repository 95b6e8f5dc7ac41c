import type zh from "../zh/phone";

export default {
  "phone.title": "Round",
} satisfies Record<keyof typeof zh, string>;
