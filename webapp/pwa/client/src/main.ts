import { mount } from "svelte";
import "./ui/tokens.css";
import "./ui/base.css";
import App from "./App.svelte";
import { registerWorker } from "./pwa.svelte";
import { startRouter } from "./router";
import { settings } from "./stores/settings.svelte";

settings.start();
startRouter();
void styled().then(() => {
  mount(App, { target: document.getElementById("app")! });
  registerWorker();
});

/** The style sheets have come beside this script (`vite/first-paint.ts`); one that doesn't come hides nothing. */
async function styled(): Promise<void> {
  const used = ({ href }: HTMLLinkElement) =>
    new Promise((done) => {
      const sheet = document.createElement("link");
      Object.assign(sheet, { rel: "stylesheet", crossOrigin: "", href, onload: done, onerror: done });
      document.head.append(sheet);
    });
  await Promise.all([...document.querySelectorAll<HTMLLinkElement>("link[rel=preload][as=style]")].map(used));
}
