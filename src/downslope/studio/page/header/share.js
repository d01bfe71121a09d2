/** Sharing: an address that holds settings and small weights, and files. */
import { saveAt } from "../core/save.js";
import { ask, send } from "../core/session.js";
import { frame, notice, overview } from "../core/store.js";
import { html } from "../core/ui.js";

const MOST_WEIGHTS = 60;
const HELD =
  "It holds the names of the table and its columns, the settings, the seed and, of a small network, the " +
  "weights, but no cell and no token.";
const COPIED =
  `The address is copied. ${HELD} It works in a tab beside this one. For another session, add the part ` +
  "from # on to the address that its terminal printed.";
const IN_THE_BAR = `Copy the address from the address bar. ${HELD}`;
const NOT_AN_ADDRESS = "The part of the address after # does not describe a network. Copy the whole address.";

/** The address with settings, seed and, of small networks, weights. */
function sharedAddress() {
  const { settings, network, table } = overview.value;
  const { steps_per_epoch, fixed, ...kept } = settings;
  if (fixed) delete kept.layers;
  const shared = { table: table.in_address, settings: kept };
  if (network.weights <= MOST_WEIGHTS && frame.value?.parameters) {
    const entries = Object.entries(frame.value.parameters);
    shared.weights = Object.fromEntries(entries.map(([name, values]) => [name, nested(values)]));
  }
  return `#${encodeURIComponent(JSON.stringify(shared))}`;
}

function nested(values) {
  if (values.shape.length < 2) return Array.from(values);
  const [rows, columns] = values.shape;
  const row = (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns));
  return Array.from({ length: rows }, row);
}

/** Take what the address holds. */
export function readAddress() {
  try {
    const { table, settings, weights = null } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    if (!table || !settings) throw new Error("an address says what it is of");
    send("restore", { table, settings, weights });
  } catch {
    notice.value = { text: NOT_AN_ADDRESS, kind: "refused" };
  }
}

function copyAddress() {
  history.replaceState(null, "", location.pathname + sharedAddress());
  const say = (text) => {
    notice.value = { text, kind: "said" };
  };
  navigator.clipboard.writeText(location.href).then(
    () => say(COPIED),
    () => say(IN_THE_BAR),
  );
}

function save(format) {
  const pictures = format === "html" ? drawnPictures() : null;
  ask("export", { format, pictures }).then((file) => {
    if (file) saveAt(file.address, file.name);
  });
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

const ITEMS = [
  ["Copy the address", "Settings, seed, weights of a small network", copyAddress],
  ["Model file", "For downslope predict", () => save("model")],
  ["Python source", "NumPy only", () => save("python")],
  ["ONNX", "For other runtimes, of encoded inputs", () => save("onnx")],
  ["C source", "C99, of encoded inputs", () => save("c")],
  ["One HTML file", "Works without a server or the internet", () => save("html")],
];

/** What can be copied or saved. @param {{close: () => void}} props */
export function ShareMenu({ close }) {
  const item = ([name, about, action]) => {
    const choose = () => {
      close();
      action();
    };
    return html`<li key=${name}><button onClick=${choose}>${name}<small>${about}</small></button></li>`;
  };
  return html`<ul>${ITEMS.map(item)}</ul>`;
}
