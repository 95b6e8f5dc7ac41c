/** Quality targets and checks, as the generated types have them. */
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];

export type Targets = Schemas["QualityTargets"];
export type Target = Schemas["QualityTarget"];
export type Check = Schemas["QualityCheck"];
export type CheckDetail = Schemas["QualityCheckDetail"];
export type Finding = Schemas["QualityFinding"];
export type Correction = Schemas["QualityAction"];
export type TargetKey = Target["key"];
