/** What people are told, and the contract's settings for it. */
export default {} as const;
