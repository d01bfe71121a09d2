/** The parts of the page that a lesson can point at. */

/** By part, where it is. Weights have places of their own: of their positions, such as layer1.weight[1,2]. */
export const PLACES = {
  descend: ".controls .play",
  step: ".controls [title^='One update']",
  speed: ".controls .speed",
  learning_rate: ".controls .rate",
  reset: ".controls .menu",
  rows: "section.rows",
  error: ".total .figure",
  curve: ".plot.curve",
  network: "section.network",
  layers: ".network .shape",
  table: "header .choice",
  lessons: "header .lessons",
  picture: "#tab-picture",
  chain_rule: "#tab-chain-rule",
  settings: "#tab-settings",
  columns: "#tab-columns",
  runs: "#tab-runs",
  doctor: "#tab-doctor",
};

const FOCUSABLE = "input, button, select, canvas[tabindex], [tabindex='0']";

/** Where a part is shown now; of a weight that has no place of its own, the network. @param {string} part */
export function placeOf(part) {
  const found = document.querySelector(PLACES[part] ?? `[data-position="${part}"]`);
  return found ?? (part in PLACES ? null : document.querySelector(PLACES.network));
}

/** Bring a part into view, and the focus to it. @param {string} part */
export function goTo(part) {
  const place = placeOf(part);
  if (!place) return;
  place.scrollIntoView({ block: "nearest" });
  const target = place.matches(FOCUSABLE) ? place : place.querySelector(FOCUSABLE);
  target?.focus();
}
