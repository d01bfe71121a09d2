/** The top of the page: the table, sharing, shortcuts, light and dark; and messages to the reader. */
import { Menu } from "../controls/menu.js";
import { Present } from "../controls/present.js";
import { useRoving } from "../controls/roving.js";
import { shown } from "../controls/shortcuts.js";
import { capitalised } from "../core/format.js";
import { keep, kept } from "../core/kept.js";
import { send } from "../core/session.js";
import { lesson, notice, overview, table } from "../core/store.js";
import { html, lazy, signal, useEffect, useRef } from "../core/ui.js";
import { OpenTable } from "./drop.js";
import { Facts } from "./facts.js";
import { Invitation } from "./invitation.js";

const NOTICE_TIME = 8000; // milliseconds

const LessonMenu = lazy(() => import("../lessons/chooser.js").then((m) => m.LessonMenu));
const ShareMenu = lazy(() => import("./share.js").then((m) => m.ShareMenu));

const BUTTONS = "header > button.quiet, header .menu > button"; // one stop of the Tab key

export function Header() {
  const box = useRef(null);
  const keys = useRoving(box, BUTTONS);
  if (!table.value) return html`<header class="top"><${Title} /></header>`;
  const { columns, targets } = table.value;
  const used = columns.filter((column) => !column.target && column.used).length;
  const toggle = () => {
    shown.value = !shown.value;
  };
  return html`<header class="top" ref=${box} ...${keys}>
    <button class="skip" onClick=${toNetwork}>Skip to the network</button>
    <${Title} />
    <span class="muted subject">${used} ${used === 1 ? "column" : "columns"} → ${targets.join(", ")}</span>
    <${Facts} />
    <span class="grow"></span>
    <${Invitation} />
    <${Samples} />
    <${OpenTable} />
    <${Lessons} />
    <${Share} />
    <button class="quiet keys" onClick=${toggle} title="Shortcuts (?)">Shortcuts</button>
    <${Present} />
    <${ThemeButton} />
  </header>`;
}

/** To the first number or unit of the drawing. A link would change the address. */
function toNetwork() {
  const places = [".weight input", ".canvas button:not(:disabled)", "canvas[tabindex]", "button"];
  const found = places.map((place) => document.querySelector(`.network ${place}`));
  found.find(Boolean).focus();
}

function Title() {
  return html`<h1><img src="icon.svg" alt="" width="22" height="22" /> <span>Downslope</span></h1>`;
}

const LABELS = { quadrants: "quadrants (exclusive-or)" }; // where the name of a sample says too little

/** The tables that come with the page. */
function Samples() {
  const { samples } = overview.value.choices;
  const { name } = table.value;
  const isSample = samples.includes(name);
  const open = (event) => send("open_sample", { name: event.currentTarget.value });
  return html`<label class="choice"><span class="unseen">Table</span>
    <select value=${isSample ? name : ""} onChange=${open}>
      ${!isSample && html`<option value="" selected disabled>${name}</option>`}
      ${samples.map(
        (one) => html`<option key=${one} value=${one}
          selected=${one === name}>${LABELS[one] ?? one}</option>`,
      )}
    </select></label>`;
}

/** The lessons to choose from, and which one is open. */
function Lessons() {
  const { number, count } = lesson.value ?? {};
  const label = number ? `Lesson ${number} of ${count}` : lesson.value ? "Lesson" : "Lessons";
  return html`<${Menu} label=${`${label} ▾`} class="quiet lessons">
    ${(close) => html`<${LessonMenu} close=${close} />`}<//>`;
}

/** The last message; one that refuses nothing goes by itself. */
export function Notice() {
  const message = notice.value?.command === "examine" ? null : notice.value; // its panel shows it
  const close = () => {
    notice.value = null;
  };
  useEffect(() => {
    if (message?.kind !== "said") return undefined;
    const timer = setTimeout(() => {
      if (notice.value === message) close();
    }, NOTICE_TIME);
    return () => clearTimeout(timer);
  }, [message]);
  return html`<div class="notices" aria-live="polite">
    ${message && html`<${Message} ...${message} close=${close} />`}</div>`;
}

function Message({ text, kind, close }) {
  const role = kind === "refused" ? "alert" : "status";
  return html`<div class=${`notice ${kind}`} role=${role}>${capitalised(text)}
    <button class="quiet" aria-label="Close this message" onClick=${close}>✕</button></div>`;
}

function Share() {
  return html`<${Menu} label="Share ▾" class="quiet">
    ${(close) => html`<${ShareMenu} close=${close} />`}<//>`;
}

const THEMES = ["system", "light", "dark"];
const SYMBOLS = { system: "◐", light: "☀", dark: "☾" };
const KEY = "downslope theme";
const theme = signal(kept("localStorage", KEY) || "system");

function show() {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
show();

export function ThemeButton() {
  const next = () => {
    theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
    keep("localStorage", KEY, theme.value);
    show();
  };
  return html`<button class="quiet" onClick=${next} title="Theme: light, dark, or system">
    ${SYMBOLS[theme.value]}<span class="unseen"> Theme: ${theme.value}</span></button>`;
}
