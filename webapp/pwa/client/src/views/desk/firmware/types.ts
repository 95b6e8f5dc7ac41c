/** Firmware baselines and upgrades, as the generated types have them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Model = Schemas["FirmwareModel"];
export type ModelDetail = Schemas["FirmwareModelDetail"];
export type Runs = Schemas["FirmwareDevice"];
export type Upgrade = Schemas["Upgrade"];
export type UpgradeDevice = Schemas["UpgradeDevice"];
