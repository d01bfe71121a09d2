/** What follows the values: rows, drawing, chain rule, curve, and what is said. */
import { showChain } from "./chain.js";
import { drawCurve, lastOf, momentWords } from "./curve.js";
import { heightOf, networkDrawing } from "./drawing.js";
import { shown } from "./numbers.js";
import { drawPicture } from "./picture.js";
import { byId, rowTable } from "./rows.js";
import { ownInputs, ROWS, weightFields } from "./still.js";

const QUIET = 2000; // milliseconds between two announcements of what goes on

/**
 * Makes the page show a descent.
 * @param {object} data of the page
 * @param {ReturnType<import("./descent.js").descentOn>} descent
 * @param {(rows: number[][]) => number[][]} predicted
 */
export function viewOn(data, descent, predicted) {
  const names = data.parameters.map(({ name }) => name);
  const weights = () => names.map((name) => descent.values()[name]);
  const showRows = rowTable(byId("rows"), data, Math.min(data.rows, ROWS));
  const showOwn = ownInputs(data, predicted);
  const curveSize = { width: 0, height: 0 };
  const pictureSize = { width: 240, height: 240 };
  let drawing = null;
  let later = 0;
  let saidAt = 0;
  const self = {
    fields: new Map(),
    /** Predictions and errors as they are shown. */
    judged: null,
    /** The number whose chain rule is shown; `chosen` is that which the reader has selected. */
    selected: null,
    chosen: null,
    /** What stands beside the network, as lessons call it. */
    panel: data.picture && !data.lesson ? "picture" : "chain_rule",
    /** What else follows the values. */
    followed: () => {},
  };

  self.select = (parameter, index) => {
    if (!self.fields.has(`${parameter} ${index}`)) return;
    self.chosen = self.selected = { parameter, index };
    for (const [key, { input }] of self.fields) {
      input.classList.toggle("selected", key === `${parameter} ${index}`);
    }
    drawing?.mark(parameter, index);
    self.panelled();
    self.followed();
  };

  /** Shows what the panel beside the network holds: the chain rule of the selected number, or the picture. */
  self.panelled = () => {
    const picture = self.panel === "picture";
    byId("chain-body").hidden = picture;
    byId("picture").hidden = !picture;
    byId("panel-switch").textContent = picture ? "Chain rule" : "Picture";
    const chosen = self.selected;
    const of = chosen ? ` of ${data.symbols[chosen.parameter][chosen.index]}` : "";
    byId("panel-title").textContent = picture ? "What it predicts" : `Chain rule${of}`;
    if (picture) drawPicture(byId("picture-lines"), byId("picture-map"), data, predicted, pictureSize);
    else if (chosen) showChain(byId("chain-body"), data, { ...chosen, descent });
  };

  /** Shows everything that follows the values. */
  self.refresh = () => {
    const judged = descent.judge();
    self.judged = judged;
    showRows(judged);
    drawing?.follow(weights());
    showOwn();
    self.panelled();
    if (byId("gradients").checked) showGradients();
    byId("error").textContent = shown(judged.error);
    byId("validation").hidden = judged.validation === null;
    if (judged.validation !== null) {
      byId("validation").textContent = `${shown(judged.validation)} on the rows held out`;
    }
    self.time();
    self.followed();
    return judged;
  };

  function showGradients() {
    const next = descent.next();
    for (const { gradient, parameter, index } of self.fields.values()) {
      const slope = next[`gradient of ${names[parameter]}`][index];
      gradient.textContent = `∂ ${shown(slope, 4)}`;
    }
  }

  /** Shows the curve, and where on it one is. */
  self.time = () => {
    const now = { ...descent, ...self.judged };
    const { viewing, moments } = descent;
    drawCurve(byId("curve"), descent, now, curveSize);
    const past = viewing === null ? "" : ` of ${momentWords(moments.at(-1))}`;
    byId("curve-note").textContent = `${momentWords(now)}${past}`;
    const slider = byId("moment");
    slider.max = String(lastOf(descent));
    slider.value = String(viewing ?? moments.length - 1);
    slider.setAttribute("aria-valuetext", `${momentWords(now)}: error ${shown(now.error)}`);
    byId("latest").hidden = viewing === null;
  };

  /** Puts the values into the fields. */
  self.numbers = () => {
    for (const field of self.fields.values()) {
      field.show(descent.values()[names[field.parameter]][field.index]);
    }
  };

  /** Says something now, or where nothing was said of late; `rest` says it again when it is quiet. */
  self.say = (text, { now = true, rest = 0 } = {}) => {
    clearTimeout(later);
    if (rest) later = setTimeout(() => self.say(text), rest);
    if (!now && performance.now() - saidAt < QUIET) return;
    saidAt = performance.now();
    byId("said").textContent = text;
  };

  self.trouble = (text = "") => {
    byId("trouble").hidden = !text;
    byId("trouble").textContent = text;
  };

  /** Makes the fields, the drawing and the curve, and draws them anew where there is other room. */
  self.open = (move) => {
    weightFields(data, descent.values(), self.fields, { move, select: self.select });
    if (data.drawing) {
      byId("drawing").style.minHeight = `${heightOf(data.drawing)}px`;
      onSize(byId("drawing"), draw);
    }
    onSize(byId("plot"), (size) => {
      Object.assign(curveSize, size);
      self.time();
    });
    if (data.picture) {
      byId("panel-switch").hidden = false;
      byId("panel-switch").addEventListener("click", () => {
        self.panel = self.panel === "picture" ? "chain_rule" : "picture";
        self.panelled();
        self.followed();
      });
      onSize(byId("picture"), ({ width, height }) => {
        if (byId("picture").hidden) return;
        Object.assign(pictureSize, { width, height: Math.max(180, height) });
        self.panelled();
      });
    }
    if (self.fields.size) self.select(...[...self.fields.keys()][0].split(" ").map(Number));
    self.chosen = null;
  };

  function draw(size) {
    const focus = (parameter, index) =>
      self.fields.get(`${parameter} ${index}`)?.input.focus({ preventScroll: true });
    const em = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    drawing = networkDrawing(byId("network"), data.drawing, { ...size, em }, focus);
    for (const { parameter, index, x, y } of drawing.places) {
      const { box } = self.fields.get(`${parameter} ${index}`);
      Object.assign(box.style, { left: `${x}px`, top: `${y}px` });
    }
    drawing.follow(weights());
    if (self.selected) drawing.mark(self.selected.parameter, self.selected.index);
  }

  return self;
}

/** Calls a function with the size of a box, at once and whenever it changes. */
function onSize(box, changed) {
  let before = "";
  new ResizeObserver(([{ contentRect }]) => {
    const size = { width: Math.max(240, contentRect.width), height: contentRect.height };
    if (`${size.width} ${size.height}` === before) return;
    before = `${size.width} ${size.height}`;
    changed(size);
  }).observe(box);
}
