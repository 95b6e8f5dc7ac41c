/** The monthly report, check sheets and device records. */
export default {} as const;
