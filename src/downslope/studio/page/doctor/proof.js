/** The runs that were tried for a finding, as small curves. */
import { number, whole } from "../core/format.js";
import { html } from "../core/ui.js";

const [WIDTH, HEIGHT, EDGE] = [320, 96, 4];
const [LOWEST, HIGHEST] = [-6, 2]; // powers of ten of the error of the best constant that are drawn
const KINDS = { unchanged: "Unchanged", placebo: "An unrelated change", remedied: "With the remedy" };

/** Logarithms of errors, where there are any, within what is drawn. */
const logOf = (error) =>
  error === null ? null : Math.min(HIGHEST, Math.max(LOWEST, Math.log10(Math.max(error, 1e-300))));

/** An error as a share of that of the best constant answer. */
function share(score) {
  if (score >= 1e6) return "over a million times";
  return score >= 10 ? `${number(score, 3)} times` : `${number(100 * score, 3)} %`;
}

export function Proof({ proof, scores }) {
  const kinds = Object.keys(KINDS);
  const logs = kinds.map((kind) => proof[kind].curves.map((curve) => curve.map(logOf)));
  const all = [0, ...logs.flat(2).filter((value) => value !== null)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value) => EDGE + ((HEIGHT - 2 * EDGE) * (high - value)) / (high - low || 1);
  const told = kinds.map((kind) => `${KINDS[kind].toLowerCase()} ${share(scores[kind])}`).join(", ");
  const label = `Errors of ${logs[0].length} runs each beside that of the best constant: ${told}`;
  const line = (curve) =>
    curve.flatMap((value, i) =>
      value === null ? [] : `${((WIDTH * i) / (curve.length - 1)).toFixed(1)},${y(value).toFixed(1)}`,
    );
  const lines = (kind, k) =>
    logs[k].map(
      (curve, i) => html`<polyline key=${`${kind}${i}`} class=${kind} points=${line(curve).join(" ")} />`,
    );
  const entry = (kind) => html`<span key=${kind} class=${kind}>${KINDS[kind]}
    <b> ${share(scores[kind])}</b></span>`;
  return html`<figure class="proof">
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
      <line class="constant" x1="0" x2=${WIDTH} y1=${y(0)} y2=${y(0)} />
      ${kinds.map(lines)}
    </svg>
    <figcaption>${kinds.map(entry)}
      <span class="muted">of the error of the best constant answer (dotted), after${" "}
        ${whole(proof.steps)} steps</span>
    </figcaption></figure>`;
}
