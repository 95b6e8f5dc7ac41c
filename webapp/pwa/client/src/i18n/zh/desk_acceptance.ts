/** Three-level acceptance, and answers that were sent back. */
export default {} as const;
