/** Light, dark, or as the system has it. */
import { html, signal } from "../core/ui.js";

const THEMES = ["system", "light", "dark"];
const SYMBOLS = { system: "◐", light: "☀", dark: "☾" };
const KEY = "downslope theme";
const theme = signal(localStorage.getItem(KEY) || "system");

function show() {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
show();

export function ThemeButton() {
  const next = () => {
    theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
    localStorage.setItem(KEY, theme.value);
    show();
  };
  return html`<button class="quiet" onClick=${next} title="light, dark, or as the system has it">
    ${SYMBOLS[theme.value]}<span class="unseen"> theme: ${theme.value}</span></button>`;
}
