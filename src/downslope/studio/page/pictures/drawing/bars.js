/** A histogram as SVG: what lies below 0 and above it in the colours of the signs, with a line at 0. */
import { number } from "../../core/format.js";
import { html, useState } from "../../core/ui.js";
import { FAMILY, linear, SvgAxis, ticks } from "./axes.js";

/**
 * @param {object} props
 * @param {Int32Array} props.counts @param {Float64Array} props.edges one more than counts
 * @param {number | null} props.mean
 * @param {string} [props.name] of what is counted @param {string} [props.heading]
 */
export function Bars({ counts, edges, mean, colours, width, height, name, heading }) {
  const [pointed, setPointed] = useState(null);
  const top = heading ? 34 : 26;
  const bottom = height - (name ? 40 : 22);
  const domain = [edges[0], edges[edges.length - 1]];
  const sx = linear(domain, [10, width - 10]);
  const most = Math.max(...counts, 1);
  const sy = linear([0, most], [bottom, top]);
  const hover = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const k = Math.floor(((event.clientX - box.left) / box.width) * counts.length);
    setPointed(Math.min(Math.max(k, 0), counts.length - 1));
  };
  const text =
    pointed === null
      ? `Mean ${number(mean, 3)} · tallest bar ${number(Math.max(...counts))}`
      : `${number(edges[pointed], 3)} to ${number(edges[pointed + 1], 3)}: ${number(counts[pointed])}`;
  const { ink } = colours;
  const zero = domain[0] < 0 && domain[1] > 0;
  return html`<g font-family=${FAMILY} font-size="11">
    ${heading && html`<text x="10" y="12" fill=${ink} font-weight="600" font-size="12">${heading}</text>`}
    <text x="10" y=${top - 6} fill=${colours.muted}>${text}</text>
    <path d=${outline(counts, edges, sx, sy, (middle) => middle < 0)} fill=${colours.negative} />
    <path d=${outline(counts, edges, sx, sy, (middle) => middle >= 0)} fill=${colours.positive} />
    ${zero && html`<path d=${`M${sx(0)} ${top}V${bottom}`} stroke=${colours.ink} stroke-dasharray="3 3" />`}
    ${
      pointed !== null &&
      html`<rect x=${sx(edges[pointed])} y=${top} width=${sx(edges[pointed + 1]) - sx(edges[pointed])}
      height=${bottom - top} fill=${colours.ink} opacity="0.12" />`
    }
    <${SvgAxis} scale=${sx} marks=${apart(ticks(...domain, 4), sx, width)} y=${bottom} colours=${colours} />
    ${
      name &&
      html`<text x=${width - 10} y=${height - 4} fill=${colours.ink} font-weight="600" font-size="12"
      text-anchor="end">${name}</text>`
    }
    <rect x="10" y=${top} width=${width - 20} height=${bottom - top} fill="transparent" onPointerMove=${hover}
      onPointerDown=${hover} onPointerLeave=${() => setPointed(null)} />
  </g>`;
}

/** The bars as one path: those whose middle is chosen. */
function outline(counts, edges, sx, sy, chosen) {
  const bottom = sy(0);
  const bars = [];
  counts.forEach((count, k) => {
    if (!count || !chosen((edges[k] + edges[k + 1]) / 2)) return;
    const [from, to] = [sx(edges[k]), sx(edges[k + 1])];
    const y = Math.min(sy(count), bottom - 1.5); // one among many is still to be seen
    const ends = [from + 0.5, Math.max(to - 0.5, from + 1)].map((x) => x.toFixed(2));
    bars.push(`M${ends[0]} ${bottom}V${y.toFixed(2)}H${ends[1]}V${bottom}Z`);
  });
  return bars.join("");
}

/** Those marks whose numbers have room. */
function apart(marks, sx, width) {
  let end = -Infinity;
  return marks.filter(({ value, text }) => {
    const half = 3.4 * text.length;
    const at = sx(value);
    if (at - half < Math.max(end + 8, 0) || at + half > width) return false;
    end = at + half;
    return true;
  });
}
