import type zh from "../zh/desk_notify";

export default {} satisfies Record<keyof typeof zh, string>;
