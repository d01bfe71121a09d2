/** The connection to the session: commands go out by it, the overview, frames and answers come in. */
import { COMMANDS } from "../commands.js";
import { pacer, timed } from "./cost.js";
import * as store from "./store.js";
import { askForToken, currentToken, tokenOpens } from "./token.js";
import { batch } from "./ui.js";
import { pack, unpack } from "./wire.js";

const { asked, cells, connection, explanation, frame, lines, matrices, notice, order } = store;
const { moving, overview, panel, pictures, row, selected, shownRows } = store;

const AGAIN = 1000; // milliseconds until a lost connection is tried again

let socket = null;
const waiting = new Map(); // by command, who waits for its answers
let looking = false;
const pace = pacer(navigator.hardwareConcurrency);
let full = true; // whether pictures were asked for with the frame that is to come
let resting = null; // the timer of the next frame
let hurried = false; // whether a command was sent since: what it does is seen at once
let arrived = []; // overviews wait for the frame that belongs to them: other layers, other numbers

/** Open the socket, and again when it was lost. */
export async function connect() {
  if (!currentToken()) await askForToken();
  socket = new WebSocket(`ws://${location.host}/socket?token=${encodeURIComponent(currentToken())}`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    connection.value = "open";
    tokenOpens(true);
    look(true);
  };
  socket.onmessage = (event) => receive(unpack(event.data));
  socket.onclose = () => {
    looking = false;
    endProgress(notice.value?.command);
    waiting.forEach((resolvers) => resolvers.splice(0).forEach((resolve) => resolve(null)));
    tokenOpens(false);
    const stopped = { playing: false, replay: null, speed: 0 }; // as far as is known here
    if (frame.value) frame.value = { ...frame.value, ...stopped };
    // a browser does not say why a socket was closed
    door().then(async (answer) => {
      connection.value = answer === "open" ? "closed" : answer;
      if (answer === "refused") await askForToken(); // of a session that was started again
      setTimeout(connect, AGAIN);
    });
  };
}

/** What the server says to a page that knocks: "open", "full" or "refused"; "closed" where none answers. */
function door() {
  return fetch(`door?token=${encodeURIComponent(currentToken())}`, { cache: "no-store" }).then(
    (answer) => (answer.ok ? answer.text() : "closed"),
    () => "closed",
  );
}

const receivers = {
  overview: ({ message, ...parts }) => arrived.push(parts),
  frame: (message) => {
    const taken = { ...message, full };
    timed(
      () => takeFrame(taken),
      (cost) => lookAfter(pace.restAfter(cost, full, taken)),
    );
  },
  refused: (message) => {
    const atField = message.command === "read_again"; // where what was refused was written
    if (!atField) notice.value = { text: message.text, kind: "refused" };
    resolveNext(message, atField ? message : null);
    if (message.command === "look") requestAnimationFrame(() => lookAfter(0));
  },
  progress: ({ text, command }) => {
    notice.value = { text, kind: "progress", command };
  },
  notice: (message) => {
    notice.value = { text: message.text, kind: "said" };
    resolveNext(message);
    if (["upload", "paste"].includes(message.command)) panel.value = "columns"; // where its target is set
  },
};

function receive(message) {
  (receivers[message.message] || resolveNext)(message);
}

/** What was in progress for a command is done. @param {string} command */
function endProgress(command) {
  const { kind, command: own } = notice.value ?? {};
  if (kind === "progress" && own === command) notice.value = null;
}

/** Answers come in the order of the commands. */
function resolveNext(message, answer = message) {
  endProgress(message.command);
  const resolve = (waiting.get(message.command) || []).shift();
  if (resolve) resolve(answer);
}

function takeFrame(message) {
  batch(() => {
    arrived.forEach(store.takeOverview);
    arrived = [];
    if (message.pictures) pictures.value = { ...pictures.value, ...message.pictures };
    if (message.matrices) matrices.value = message.matrices;
    if (message.rows.cells) cells.value = message.rows;
    frame.value = message;
  });
  const moved = explanation.value === null || explanation.value.step !== message.step;
  if (lines.value === "row" && row.value !== null && moved && !moving.value) explain(true);
}

/** Ask for the next frame after a rest, which ends with the next command. */
function lookAfter(rest) {
  looking = false;
  if (rest && !hurried) resting = setTimeout(look, rest, false);
  else look(!full && !moving.value); // at rest nothing else comes, and the pictures belong to it
}

/**
 * Ask for the next frame: of the rows and pictures that are in view.
 * @param {boolean} again whether it is wanted though nothing changed in the session
 */
export function look(again) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  if (looking && !again) return;
  looking = true;
  full = again || pace.full();
  hurried = false;
  clearTimeout(resting);
  resting = null;
  send("look", {
    rows: shownRows.value,
    row: row.value,
    order: order.value,
    pictures: full ? { ...asked.value.pictures, ...asked.value.units } : null,
    matrices: full ? asked.value.matrices : null,
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
  if (!known) throw new Error(`there is no command ${command}`);
  const unknown = Object.keys(fields).filter((name) => !(name in known));
  if (unknown.length) throw new Error(`the command ${command} has no field ${unknown[0]}`);
  const missing = Object.keys(known).filter((name) => known[name] && !(name in fields));
  if (missing.length) throw new Error(`the command ${command} lacks ${missing[0]}`);
  const open = socket !== null && socket.readyState === WebSocket.OPEN;
  if (open) socket.send(JSON.stringify({ command, ...fields }));
  if (command !== "look") hurried = true;
  if (resting !== null) look(false);
  return open;
}

/**
 * Send a command that has an answer.
 * @param {string} command
 * @param {object} [fields]
 * @returns {Promise<object | null>} null where it is refused
 */
export function ask(command, fields = {}) {
  return new Promise((resolve) => {
    if (!send(command, fields)) return resolve(null);
    if (!waiting.has(command)) waiting.set(command, []);
    return waiting.get(command).push(resolve);
  });
}

/** Send a file. @param {File} file */
export async function upload(file) {
  const limit = overview.value.limits.upload;
  if (file.size > limit) {
    const size = (file.size / 1048576).toFixed(1);
    const text =
      `${file.name} has ${size} MiB. At most ${limit / 1048576} MiB can be dropped here. ` +
      `Open it on the command line: downslope play ${file.name}`;
    notice.value = { text, kind: "refused" };
    return;
  }
  socket.send(pack({ command: "upload", name: file.name }, await file.arrayBuffer()));
}

let selectedFrom = null;

/** Nothing is selected any more; the focus goes back to where it was selected. */
export function unselect() {
  selected.value = null;
  explanation.value = null;
  selectedFrom?.focus();
}

/** Select a weight or a unit, and ask for its derivation. */
export function select(what, name, index) {
  selectedFrom = document.activeElement;
  selected.value = { what, name, index };
  explain();
}

/**
 * Ask for the derivation of what is selected, for the selected row or averaged.
 * @param {boolean} [quiet] whether its panel stays behind the one that is open
 */
export function explain(quiet = false) {
  const chosen = selected.value;
  if (!chosen && row.value === null) return;
  const fields = chosen
    ? { what: chosen.what, name: chosen.name, index: chosen.index, row: row.value }
    : { what: "row", row: row.value };
  ask("explain", fields).then((answer) => {
    if (answer) explanation.value = { ...answer, quiet, error: frame.value.error.value };
  });
}

/** Select a row, or none. @param {number} index */
export function selectRow(index) {
  row.value = row.value === index ? null : index;
  look(true);
  explain();
}
