/** How this device shows the app: language and theme, kept in localStorage. */
import { readStored, writeStored } from "./stored";

export type Language = "zh" | "en";
export type Theme = "system" | "light" | "dark";

const KEY = "roundbook.settings";
/** `--paper` of `ui/tokens.css`. */
const PAPER = { light: "#f5f7f6", dark: "#0e1413" };

class Settings {
  language = $state<Language>("zh");
  theme = $state<Theme>("system");

  /** Reads what was kept, else follows the browser; puts both on the document. */
  start(): void {
    const kept = readStored<Partial<{ language: Language; theme: Theme }>>(KEY) ?? {};
    this.language = kept.language === "en" || kept.language === "zh" ? kept.language : preferred();
    this.theme = kept.theme === "light" || kept.theme === "dark" ? kept.theme : "system";
    this.#apply();
  }

  setLanguage(language: Language): void {
    this.language = language;
    this.#keep();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.#keep();
  }

  #keep(): void {
    writeStored(KEY, { language: this.language, theme: this.theme });
    this.#apply();
  }

  #apply(): void {
    const root = document.documentElement;
    root.lang = this.language === "zh" ? "zh-CN" : "en";
    if (this.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = this.theme;
    paintBrowser(this.theme);
  }
}

/** The browser's own bar takes the theme's colour; by hand it no longer follows the system. */
function paintBrowser(theme: Theme): void {
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const bySystem = meta.media.includes("dark") ? "dark" : "light";
    meta.content = PAPER[theme === "system" ? bySystem : theme];
  }
}

function preferred(): Language {
  return navigator.languages.some((tag) => tag.startsWith("zh")) ? "zh" : "en";
}

export const settings = new Settings();
