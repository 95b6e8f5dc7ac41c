import type zh from "../zh/desk_report";

export default {} satisfies Record<keyof typeof zh, string>;
