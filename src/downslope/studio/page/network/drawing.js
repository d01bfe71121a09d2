/** The network as a drawing: units as circles, weights as lines or as numbers that can be moved by hand. */
import { fitted, inFull, judged } from "../core/format.js";
import { litClass, passStep, pointing } from "../core/links.js";
import { COLUMNS, frame, network, row, selected } from "../core/store.js";
import { html, lazy, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { InUnits, inUnits, Layers } from "./layers.js";
import { Lines } from "./lines.js";
import { OutputNames } from "./outputs.js";
import { layoutIn, room, style, widthIn } from "./style.js";
import { Tip } from "./tip.js";
import { Units } from "./units.js";
import { Weights } from "./weights.js";

const SMALLEST = 10; // pixels of the radius of a unit with a picture
const MARGINS = 4; // pixels above and below the selection

const Flow = lazy(() => import("./flow.js").then((m) => m.Flow));
/** Where the selected weight or unit will stand. */
const UNSELECTED = html`<div class="inspector nothing muted">A selected weight or unit stands here.</div>`;
const Inspector = lazy(() => import("./inspector.js").then((m) => m.Inspector), UNSELECTED);
const Small = lazy(() => import("./small.js").then((m) => m.Small));
const Tables = lazy(() => import("./as_table.js").then((m) => m.Tables));

/** The drawing with everything that belongs to it. */
export function Drawing({ children }) {
  const net = network.value;
  const box = useRef(null);
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const measure = () => {
      room.value = measured(box.current);
    };
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    measure();
    return () => watch.disconnect();
  }, [net === null]);
  if (!net) return null;
  const space = room.value;
  const layout = space && layoutIn(net, style.value, space);
  const phase = frame.value ? frame.value.phase : "";
  return html`<div class="drawing" data-style=${style.value} data-phase=${phase}>
    <div class="room" ref=${box}>
      ${layout && html`<${Canvas} net=${net} width=${widthIn(space)} layout=${layout} />`}</div>
    ${layout && html`<${Layers} layout=${layout} />`}
    ${selected.value ? html`<${Inspector} net=${net} />` : UNSELECTED}
    <div class="foot"><${AsTable} net=${net} />
      ${layout && pictured(layout) && html`<${InUnits} />`}${children}</div>
  </div>`;
}

/** The room of the drawing; null while it is not shown. */
function measured(box) {
  const { clientWidth: width, clientHeight } = box;
  if (!width) return null;
  if (innerWidth < COLUMNS) return { width };
  const selection = box.parentElement.querySelector(".inspector");
  const unselected = clientHeight + (selection ? selection.offsetHeight + MARGINS : 0);
  return { width, height: clientHeight, unselected };
}

/** Whether there is something to see in the units: hidden ones over a plane, large enough. */
const pictured = ({ columns, radius }) => columns.length > 2 && columns[0].length > 1 && radius >= SMALLEST;

function Canvas({ net, width, layout }) {
  return html`<div class="canvas" style=${{ height: `${layout.height}px` }}>
    <${Lines} net=${net} layout=${layout} width=${width} />
    <${Units} net=${net} layout=${layout} />
    <${OutputNames} layout=${layout} />
    <${ErrorBox} layout=${layout} width=${width} />
    ${pictured(layout) && inUnits.value && row.value === null && html`<${Small} layout=${layout} />`}
    ${style.value === "numbers" && html`<${Weights} net=${net} layout=${layout} />`}
    ${passStep.value && html`<${Flow} net=${net} layout=${layout} width=${width} />`}
    <${Tip} /></div>`;
}

/** E, behind the output. */
function ErrorBox({ layout, width }) {
  const now = frame.value;
  if (!now) return null;
  const outputs = layout.columns[layout.columns.length - 1];
  const y = (outputs[0][1] + outputs[outputs.length - 1][1]) / 2;
  const x = outputs[0][0] + layout.radius + layout.names;
  const size = Math.max(60, width - x - 26);
  const position = { left: `${x + 10}px`, top: `${y - 22}px`, width: `${size}px` };
  const highlighted = now.phase === "loss" ? "highlighted" : "";
  const { value, rounding, measure } = now.error;
  const title = `E, the ${measure}: ${inFull(value, 10, rounding)}`;
  return html`<div class=${`errorbox ${highlighted} ${litClass("error")}`} style=${position} title=${title}
    ...${pointing(["error"], "error")}>
    <b>E</b><span>${judged(rounding, fitted(value, 3, (size - 20) / 7))}</span></div>`;
}

/** The same network as tables: for those who would rather read, or listen. */
function AsTable({ net }) {
  const [open, setOpen] = useState(false);
  return html`<details class="astable" open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>As a table</summary>${open && html`<${Tables} net=${net} />`}</details>`;
}
