import type { Plugin } from "vite";

/**
 * Lets the page's style sheet come beside the script instead of before the mark: `src/main.ts` puts it
 * to use, and mounts nothing until it is there.
 */
export function firstPaint(): Plugin {
  return {
    name: "first-paint",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html) => {
        const beside = html.replaceAll('<link rel="stylesheet"', '<link rel="preload" as="style"');
        if (beside === html) throw new Error("The page has no style sheet");
        return beside;
      },
    },
  };
}
