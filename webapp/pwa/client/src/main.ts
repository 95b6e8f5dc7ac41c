import { mount } from "svelte";
import "./ui/tokens.css";
import "./ui/base.css";
import App from "./App.svelte";
import { registerWorker } from "./pwa.svelte";
import { startRouter } from "./router";
import { settings } from "./stores/settings.svelte";
import { silenceEchoes } from "./ui/echo";

settings.start();
startRouter();
silenceEchoes();
// Each in a turn of its own: reading the app in and drawing it are long enough on a slow phone.
setTimeout(() => {
  mount(App, { target: document.getElementById("app")! });
  setTimeout(registerWorker);
});
