/** Sense in the numbers: rates, ageing, forecasts. */
export default {} as const;
