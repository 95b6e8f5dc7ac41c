import { mount } from "svelte";
import "./ui/tokens.css";
import "./ui/base.css";
import App from "./App.svelte";
import { registerWorker } from "./pwa.svelte";
import { startRouter } from "./router";
import { settings } from "./stores/settings.svelte";

settings.start();
startRouter();
mount(App, { target: document.getElementById("app")! });
registerWorker();
