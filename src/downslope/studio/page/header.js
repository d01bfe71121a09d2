/** The top of the page: what it is open on, sharing, light and dark. */

import { help } from "./controls.js";
import { saveFile } from "./save.js";
import { ask, frame, notice, send, state, table, token } from "./store.js";
import { html, signal, useEffect, useState } from "./ui.js";

const THEMES = ["system", "light", "dark"];
const theme = signal(localStorage.getItem("downslope theme") || "system");

function showTheme() {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
showTheme();

function nextTheme() {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  localStorage.setItem("downslope theme", theme.value);
  showTheme();
}

export function Header() {
  const told = table.value;
  const samples = state.value ? state.value.choices.samples : [];
  if (!told)
    return html`<header class="top"><h1><img src="icon.svg" alt="" width="22" height="22" /> Downslope</h1></header>`;
  const used = told.columns.filter((c) => !c.target && c.used).length;
  return html`<header class="top">
    <h1><img src="icon.svg" alt="" width="22" height="22" /> Downslope</h1>
    <span class="muted subject">${used} ${used === 1 ? "column" : "columns"} → ${told.targets.join(", ")}</span>
    <span class="grow"></span>
    <label class="choice"><span class="unseen">table</span><select value=${samples.includes(told.name) ? told.name : ""} onChange=${(event) => send("sample", { name: event.currentTarget.value })}>
      ${!samples.includes(told.name) && html`<option value="" selected disabled>${told.name}</option>`}
      ${samples.map((name) => html`<option key=${name} value=${name} selected=${name === told.name}>${name}</option>`)}</select></label>
    <${Share} />
    <button class="quiet keys" onClick=${() => {
      help.value = !help.value;
    }} title="keys (?)">Keys</button>
    <button class="quiet" onClick=${nextTheme} title="light, dark, or as the system has it">${{ system: "◐", light: "☀", dark: "☾" }[theme.value]}<span class="unseen"> theme: ${theme.value}</span></button>
  </header>`;
}

/** The address with settings, seed and, of small networks, weights. */
export function sharedAddress() {
  const { settings: told, network } = state.value;
  const kept = { settings: pick(told), target: state.value.table.targets };
  if (network.weights <= 60 && frame.value && frame.value.parameters) {
    kept.weights = Object.fromEntries(
      Object.entries(frame.value.parameters).map(([name, values]) => [name, nested(values)]),
    );
  }
  return `#${encodeURIComponent(JSON.stringify(kept))}`;
}

function pick(told) {
  const { stable, fixed, epoch_steps: steps, ...kept } = told; // eslint-disable-line no-unused-vars
  if (fixed) delete kept.layers;
  return kept;
}

function nested(values) {
  if (values.shape.length < 2) return Array.from(values);
  const [rows, columns] = values.shape;
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
}

/** Take what the address holds, once. */
export function takeAddress() {
  if (location.hash.length < 3) return;
  try {
    const kept = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    if (kept.target && state.value && String(kept.target) !== String(state.value.table.targets)) return;
    send("restore", { settings: kept.settings, weights: kept.weights || null });
  } catch {
    notice.value = {
      text: "The part of the address behind # is no description of a network.",
      kind: "refused",
    };
  }
}

function Share() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !event.target.closest(".menu")) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  const take = (form) => {
    setOpen(false);
    ask("export", { form, pictures: form === "html" ? drawnPictures() : null }).then((file) => {
      if (file) saveFile(file.name, file.content, file.kind);
    });
  };
  const copy = () => {
    setOpen(false);
    history.replaceState(null, "", location.pathname + sharedAddress());
    const address = `${location.origin}${location.pathname}?token=${token}${location.hash}`; // another tab knows no token
    navigator.clipboard.writeText(address).then(
      () => {
        notice.value = {
          text: "The address is copied: settings, seed and small weights are in it, the table is not. It opens while this session runs; of a later one, put what is behind # after its address.",
          kind: "told",
        };
      },
      () => {
        notice.value = {
          text: "The address bar holds it now: settings, seed and small weights, not the table.",
          kind: "told",
        };
      },
    );
  };
  return html`<span class="menu"><button class="quiet" aria-expanded=${open} aria-haspopup="true" onClick=${() => setOpen(!open)}>Share ▾</button>
    ${
      open &&
      html`<ul>
      <li><button onClick=${copy}>Copy the address<small>settings, seed, small weights</small></button></li>
      <li><button onClick=${() => take("model")}>Model file<small>.downslope, for downslope predict</small></button></li>
      <li><button onClick=${() => take("python")}>Python source<small>NumPy only</small></button></li>
      <li><button onClick=${() => take("html")}>One HTML file<small>works without server or network</small></button></li>
    </ul>`
    }</span>`;
}

/** The pictures that are drawn now, as data. */
function drawnPictures() {
  const found = {};
  for (const figure of document.querySelectorAll("[data-figure]")) {
    const canvas = figure.querySelector("canvas");
    if (canvas?.width) found[figure.dataset.figure] = canvas.toDataURL("image/png");
  }
  return found;
}

export function Notice() {
  const told = notice.value;
  useEffect(() => {
    if (!told || told.kind === "refused") return undefined;
    const timer = setTimeout(() => {
      if (notice.value === told) notice.value = null;
    }, 8000);
    return () => clearTimeout(timer);
  }, [told]);
  return html`<div class="notices" aria-live="polite">${
    told &&
    html`<div class=${`notice ${told.kind}`} role=${told.kind === "refused" ? "alert" : "status"}>${told.text}
    <button class="quiet" aria-label="close this message" onClick=${() => {
      notice.value = null;
    }}>✕</button></div>`
  }</div>`;
}
