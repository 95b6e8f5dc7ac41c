import type zh from "../zh/desk_acceptance";

export default {} satisfies Record<keyof typeof zh, string>;
