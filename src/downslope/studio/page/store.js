/** The state of the page: what the session said last, and what the reader looks at. State flows one way from here. */

import { COMMANDS } from "./commands.js";
import { batch, computed, signal } from "./ui.js";
import { pack, unpack } from "./wire.js";

/** What changes rarely, and what training moves; null until they arrive. */
export const state = signal(null);
export const frame = signal(null);
/** Pictures and matrices stay until newer ones come. */
export const pictures = signal({});
export const matrices = signal(null);
/** The cells of the rows that are shown. */
export const cells = signal({ first: 0, of: [], cells: [] });
/** What is said to the reader: {text, kind}. */
export const notice = signal(null);
/** The connection: "opening", "open", "closed", or "refused" by a server that does not know the token. */
export const link = signal("opening");

/** What the reader looks at. */
export const selected = signal(null); // {what: "weight" | "unit", name, index}
export const row = signal(null); // number of a row of the table
export const why = signal(null); // the last derivation
export const shownRows = signal([0, 20]);
export const order = signal("table");
export const lines = signal("weight");
export const asked = signal({ pictures: null, matrices: null });

export const token = takeToken();

let socket = null;
const waiting = new Map(); // by command, who waits for its answers
let asking = false;
let arrived = null; // a state waits for the frame that belongs to it: other layers, other numbers

function takeToken() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem("downslope token", given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  return given || sessionStorage.getItem("downslope token") || "";
}

/** Open the socket, and again when it was lost. */
export function connect() {
  socket = new WebSocket(`ws://${location.host}/socket?token=${encodeURIComponent(token)}`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    link.value = "open";
    look(true);
  };
  socket.onmessage = (event) => receive(unpack(event.data));
  socket.onclose = () => {
    asking = false;
    waiting.forEach((takers) => takers.splice(0).forEach((taker) => taker(null)));
    const opened = link.value === "open";
    // a browser does not say why a socket was closed; who still serves the page refused it
    answers().then((served) => {
      link.value = served && !opened ? "refused" : "closed";
      setTimeout(connect, 1000);
    });
  };
}

function answers() {
  return fetch("icon.svg", { cache: "no-store" }).then(
    (answer) => answer.ok,
    () => false,
  );
}

const takers = {
  state: (message) => {
    arrived = message;
  },
  frame: takeFrame,
  refused: (message) => {
    notice.value = { text: message.text, kind: "refused" };
    answered(message, null);
    if (message.to === "look") takeNone();
  },
  told: (message) => {
    notice.value = { text: message.text, kind: "told" };
  },
};

function receive(message) {
  (takers[message.message] || answered)(message);
}

/** Answers come in the order of what was asked. */
function answered(message, answer = message) {
  const taker = (waiting.get(message.to) || []).shift();
  if (taker) taker(answer);
}

/** There is no frame this time: ask for the next one. */
function takeNone() {
  asking = false;
  requestAnimationFrame(() => look(false));
}

/** A new state; what was chosen in another table or network is chosen no more. */
function takeState(after) {
  const before = state.value;
  state.value = after;
  if (!before) return;
  const known = ({ table: told }) => JSON.stringify([told.name, told.targets]);
  const shapes = ({ network: net }) => JSON.stringify([net.shapes, net.inputs]);
  const otherTable = known(before) !== known(after);
  if (otherTable || row.value >= after.table.rows) row.value = null;
  if (otherTable) lines.value = "weight";
  if (otherTable || shapes(before) !== shapes(after)) {
    selected.value = null;
    why.value = null;
  }
}

function takeFrame(message) {
  asking = false;
  batch(() => {
    if (arrived) takeState(arrived);
    arrived = null;
    if (message.pictures) pictures.value = { ...pictures.value, ...message.pictures };
    if (message.matrices) matrices.value = message.matrices;
    if (message.rows.cells) cells.value = message.rows;
    frame.value = message;
  });
  const moved = why.value === null || why.value.step !== message.step;
  if (lines.value === "pull" && row.value !== null && moved && !message.playing) explain(true);
  requestAnimationFrame(() => look(false));
}

/**
 * Ask for the next frame: of the rows and pictures that are in view.
 * @param {boolean} again whether it is wanted though nothing changed in the session
 */
export function look(again) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  if (asking && !again) return;
  asking = true;
  send("look", {
    rows: shownRows.value,
    row: row.value,
    order: order.value,
    pictures: asked.value.pictures,
    matrices: asked.value.matrices,
    again,
  });
}

/**
 * Send a command; its fields are checked against the schema of the session.
 * @param {string} command
 * @param {object} [fields]
 * @returns {boolean} whether it was sent
 */
export function send(command, fields = {}) {
  const known = COMMANDS[command];
  if (!known) throw new Error(`no command ${command}`);
  for (const name of Object.keys(fields))
    if (!(name in known)) throw new Error(`${command} has no field ${name}`);
  for (const name of Object.keys(known))
    if (known[name] && !(name in fields)) throw new Error(`${command} lacks ${name}`);
  const open = socket !== null && socket.readyState === WebSocket.OPEN;
  if (open) socket.send(JSON.stringify({ command, ...fields }));
  return open;
}

/**
 * Send a command that has an answer.
 * @returns {Promise<object | null>} null where it is refused
 */
export function ask(command, fields = {}) {
  return new Promise((resolve) => {
    if (!send(command, fields)) return resolve(null);
    if (!waiting.has(command)) waiting.set(command, []);
    return waiting.get(command).push(resolve);
  });
}

/** Send a file. */
export async function upload(file) {
  const limit = state.value.limits.upload;
  if (file.size > limit) {
    const size = (file.size / 1048576).toFixed(1);
    notice.value = {
      text: `${file.name} has ${size} MiB; at most ${limit / 1048576} MiB can be dropped here. Name it on the command line: downslope play ${file.name}`,
      kind: "refused",
    };
    return;
  }
  socket.send(pack({ command: "upload", name: file.name }, await file.arrayBuffer()));
}

export const network = computed(() => state.value?.network);
export const settings = computed(() => state.value?.settings);
export const table = computed(() => state.value?.table);
/** How the numbers of a network are shown: "numbers", "lines" or "matrices". */
export const manner = computed(() => {
  if (!network.value) return "numbers";
  if (!network.value.drawn) return "matrices";
  return network.value.weights <= 52 ? "numbers" : "lines";
});

/** Choose a weight or a unit, and ask why. */
export function choose(what, name, index) {
  selected.value = { what, name, index };
  explain();
}

/**
 * Ask for the derivation of what is chosen, for the chosen row or averaged.
 * @param {boolean} [quiet] whether its panel stays behind the one that is open
 */
export function explain(quiet = false) {
  const chosen = selected.value;
  if (!chosen && row.value === null) return;
  const fields = chosen
    ? { what: chosen.what, name: chosen.name, index: chosen.index, row: row.value }
    : { what: "row", row: row.value };
  ask("explain", fields).then((answer) => {
    if (answer) why.value = { ...answer, quiet, error: frame.value.error.value };
  });
}

/** Choose a row, or none. */
export function chooseRow(number) {
  row.value = row.value === number ? null : number;
  look(true);
  explain();
}
