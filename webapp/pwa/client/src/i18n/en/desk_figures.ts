import type zh from "../zh/desk_figures";

export default {} satisfies Record<keyof typeof zh, string>;
