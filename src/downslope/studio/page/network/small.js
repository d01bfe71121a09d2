/** Small pictures in the units: what each computes over the plane of two inputs. */

import { look } from "../core/session.js";
import { asked, pictures } from "../core/store.js";
import { html, useEffect, useLayoutEffect, useRef } from "../core/ui.js";
import { usePalette } from "../matrices/palette.js";
import { draw } from "../matrices/raster.js";

const SIDE = 24; // pixels of a picture
const OPTIONS = { units: {} };

/** One for every unit behind the inputs. */
export function Small({ layout }) {
  const colours = usePalette();
  useEffect(() => {
    asked.value = { ...asked.value, units: OPTIONS };
    look(true);
    return () => {
      asked.value = { ...asked.value, units: null };
    };
  }, []);
  const made = pictures.value.units;
  const columns = layout.columns.slice(1);
  const fits =
    made?.levels?.length === columns.length &&
    columns.every((column, l) => made.levels[l].length === column.length * SIDE * SIDE);
  if (!fits) return null;
  return html`<div class="smalls" aria-hidden="true">
    ${columns.map((column, l) =>
      column.map(
        ([x, y], i) => html`<${Picture} key=${`${l}-${i}`} x=${x} y=${y}
      layer=${made.levels[l]} i=${i} radius=${layout.radius} colours=${colours} />`,
      ),
    )}</div>`;
}

function Picture({ layer, i, x, y, radius, colours }) {
  const canvas = useRef(null);
  useLayoutEffect(() => {
    const levels = layer.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    draw(canvas.current, Object.assign(levels, { shape: [SIDE, SIDE] }), colours);
  }, [layer, i, colours]);
  const size = `${2 * radius - 3}px`;
  const style = { left: `${x}px`, top: `${y}px`, width: size, height: size };
  return html`<canvas ref=${canvas} style=${style}></canvas>`;
}
