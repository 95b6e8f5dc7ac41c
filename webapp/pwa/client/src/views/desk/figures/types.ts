/** The figures as the server answers them. */
import type { components } from "../../../api/schema";
import type { Value } from "../parts/types";

type Schemas = components["schemas"];

export type MonthTrend = Schemas["MonthTrend"];
export type MonthFigures = Schemas["MonthFigures"];
export type Share = Schemas["Share"];
export type Forecast = Schemas["Forecast"];
export type HourCounter = Schemas["HourCounter"];
export type CounterForecast = Schemas["CounterForecast"];
export type RepeatOffender = Omit<Schemas["RepeatOffender"], "months"> & {
  months: (Omit<Schemas["RepeatMonth"], "value"> & { value: Value })[];
};
