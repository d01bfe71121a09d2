/** What a reader does: moves numbers, takes steps, plays, goes back in time. */
import { rateControls, speedSlider } from "./controls.js";
import { momentAt, shareAt } from "./curve.js";
import { counted, shown } from "./numbers.js";
import { byId } from "./rows.js";

const FRAME = 12; // milliseconds of computing in one frame, at least
const LONGEST = 60; // at most, that the page answers
const ONE_MOVE = 700; // milliseconds in which further changes of a number belong to the same move

const TROUBLE = "The next step would not be finite: lower the learning rate, or reset.";
const RESTS = "Nothing changes any more.";
const PAST = "This is the past. Change something or descend: it goes on from here.";

/**
 * Makes the controls of the page work on a descent.
 * @param {object} data of the page
 * @param {ReturnType<import("./descent.js").descentOn>} descent
 * @param {ReturnType<import("./view.js").viewOn>} view
 * @param {string} hint what is said at the start
 */
export function actsOn(data, descent, view, hint) {
  const names = data.parameters.map(({ name }) => name);
  const since = { steps: 0, moves: 0 };
  let moved = null; // the number that was moved last, and the error before
  let waiting = false;

  /** Changes a number by hand. */
  function move(parameter, index, value) {
    pause();
    goOn();
    const key = `${parameter} ${index}`;
    const goesOn = moved?.key === key && performance.now() - moved.last < ONE_MOVE;
    const before = goesOn ? moved.before : descent.judge().error;
    moved = { key, last: performance.now(), before };
    descent.set(names[parameter], index, value, goesOn);
    if (!goesOn) since.moves += 1;
    view.trouble();
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      descent.keep(descent.judge());
      const { error } = view.refresh();
      view.say(compared(before, error), { now: !goesOn, rest: ONE_MOVE });
    });
  }

  function goOn() {
    if (descent.viewing !== null) since.steps = 0;
    descent.goOn();
  }

  /** Takes up to so many steps, or as many as there is time for; what stopped them, or "". */
  function advance(count, until) {
    goOn();
    const before = descent.values();
    for (let i = 0; i < count && performance.now() < until; i++) {
      if (!descent.step()) return TROUBLE;
      since.steps += 1;
      if (descent.due()) descent.keep(descent.judge());
    }
    return descent.values() !== before && !descent.differsFrom(before) ? RESTS : "";
  }

  function walk(count, until = Infinity) {
    const ended = advance(count, until);
    view.numbers();
    view.trouble(ended === TROUBLE ? TROUBLE : "");
    view.refresh();
    return ended;
  }

  /** Keeps where steps led, and says it. */
  function arrived(ended = "") {
    descent.keep(descent.judge());
    view.time();
    view.say(`${progress()} ${ended === RESTS ? RESTS : ""}`.trim());
  }

  function progress() {
    const steps = descent.steps === 1 ? "1 step" : `${counted(descent.steps)} steps`;
    const [first] = descent.moments;
    return `After ${steps} the error is ${shown(view.judged.error)}, at the start ${shown(first.error)}.`;
  }

  const player = playerOn(byId("play"), speedSlider(byId("speed"), byId("speed-words")), {
    walk: (count, until) => {
      const before = descent.steps;
      const ended = walk(count, until);
      if (!ended) view.say(progress(), { now: false });
      return { taken: descent.steps - before, ended };
    },
    arrived,
  });
  const pause = () => player.pause();

  /** Begins at the start, or at other weights. */
  function begin(weights = null) {
    descent.reset(weights);
    since.steps = 0;
    view.trouble();
    view.numbers();
    descent.keep(descent.judge());
    view.refresh();
  }

  function look(index) {
    pause();
    descent.view(index);
    view.numbers();
    view.refresh();
    view.say(descent.viewing === null ? hint : PAST);
  }

  for (const [id, count] of Object.entries({ step: 1, steps: 10 })) {
    byId(id).addEventListener("click", () => {
      pause();
      arrived(walk(count));
    });
  }
  byId("reset").addEventListener("click", () => {
    pause();
    begin();
    view.say(hint);
  });
  byId("moment").addEventListener("input", (event) => {
    look(Math.min(Number(event.target.value), descent.moments.length - 1));
  });
  byId("latest").addEventListener("click", () => {
    look(descent.moments.length - 1);
    byId("moment").focus();
  });
  dragged(byId("curve"), (share) => look(momentAt(descent, share)));
  byId("gradients").addEventListener("change", (event) => {
    byId("net").classList.toggle("with-gradients", event.target.checked);
    view.refresh();
  });
  const parts = {
    slider: "rate-slider",
    field: "rate",
    stable: "stable",
    below: "stable-below",
    best: "stable-best",
  };
  const elements = Object.fromEntries(Object.entries(parts).map(([part, id]) => [part, byId(id)]));
  const setRate = rateControls(elements, data.descent, (rate) => {
    descent.rate = rate;
    since.steps = 0;
    view.panelled();
    view.followed();
  });

  shortcuts({
    " ": () => byId("play").click(),
    s: () => byId("step").click(),
    r: () => byId("reset").click(),
    ArrowLeft: () => look(Math.max(0, (descent.viewing ?? descent.moments.length - 1) - 1)),
    ArrowRight: () => descent.viewing !== null && look(descent.viewing + 1),
  });

  return {
    begin,
    move,
    pause,
    setRate,
    since,
    walk,
    playing: () => player.playing,
    /** From now on steps and moves are counted anew. */
    recount: () => {
      Object.assign(since, { steps: 0, moves: 0 });
      moved = null;
    },
  };
}

function compared(before, after) {
  if (after === before) return "The error is the same.";
  return `${after < before ? "Better" : "Worse"}: from ${shown(before)} to ${shown(after)}.`;
}

/**
 * Makes a button play at a speed.
 * @param {HTMLButtonElement} button
 * @param {() => number} speed steps a second
 * @param {{walk: (count: number, until: number) => {taken: number, ended: string},
 *   arrived: (ended: string) => void}} acts
 */
function playerOn(button, speed, { walk, arrived }) {
  let owed = 0; // steps that are due, and parts of one
  let last = 0;
  let budget = FRAME; // as long as drawing took
  const self = { playing: false };

  self.pause = (ended = "") => {
    if (!self.playing) return;
    self.playing = false;
    button.textContent = "▶ Descend";
    arrived(ended);
  };

  function frame(time) {
    if (!self.playing) return;
    const seconds = Math.max(0, Math.min(0.25, (time - last) / 1000));
    last = time;
    owed = Number.isFinite(speed()) ? owed + seconds * speed() : Infinity;
    const count = Math.floor(owed);
    if (count > 0) {
      const started = performance.now();
      const { taken, ended } = walk(count, started + budget);
      budget = Math.max(FRAME, Math.min(LONGEST, performance.now() - started - budget));
      owed = Number.isFinite(owed) ? Math.min(count, owed - taken) : 0;
      if (ended) return self.pause(ended);
    }
    requestAnimationFrame(frame);
  }

  button.addEventListener("click", () => {
    if (self.playing) return self.pause();
    self.playing = true;
    button.textContent = "❚❚ Pause";
    owed = 1;
    last = performance.now();
    requestAnimationFrame(frame);
  });
  return self;
}

/** Calls what belongs to a key that is pressed beside all fields and buttons. */
function shortcuts(keys) {
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (!(key in keys) || ctrlKey || metaKey || altKey) return;
    if (target.closest("input, button, a, summary, [tabindex='0']")) return;
    event.preventDefault();
    keys[key]();
  });
}

/** Gives the share of the width of a curve at which it is pressed or dragged. */
function dragged(svg, moved) {
  const send = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    moved(shareAt(event.clientX - left, width));
  };
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    send(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) send(event);
  });
}
