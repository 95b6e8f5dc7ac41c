import type zh from "../zh/desk_estate";

export default {} satisfies Record<keyof typeof zh, string>;
