/** The chain rule of one number with its present numbers, in the short form: δ·x averaged over rows. */
import { shown } from "./numbers.js";
import { element, headings } from "./rows.js";

const LONG = 8; // characters of a name that stands in a formula
const FACTORS = 7; // of the table, those that weigh most

/**
 * Where a number stands in the chain rule: which dense layer it belongs to, which unit, which input.
 * @param {object} data of the page
 * @param {number} parameter
 * @param {number} index
 * @returns {?{layer: number, unit: number, input: ?number, delta: string, name: ?string}}
 */
function placeOf({ chains }, parameter, index) {
  const layer = chains.findIndex(({ weight, bias }) => weight === parameter || bias === parameter);
  if (layer < 0) return null;
  const { weight, inputs, deltas } = chains[layer];
  const isWeight = weight === parameter;
  const unit = isWeight ? Math.floor(index / inputs.length) : index;
  const input = isWeight ? index % inputs.length : null;
  return { layer, unit, input, delta: deltas[unit], name: isWeight ? inputs[input] : null };
}

/**
 * The factors of each row of the next step.
 * @returns {{row: number, delta: number, x: number, product: number}[]}
 */
export function factorsOf(data, trace, place) {
  const { inputs, deltas } = data.chains[place.layer];
  const found = trace[`delta ${place.layer}`];
  const given = trace[`input ${place.layer}`];
  return trace.rows.map((row, i) => {
    const delta = found[i * deltas.length + place.unit];
    const x = place.input === null ? 1 : given[i * inputs.length + place.input];
    return { row, delta, x, product: delta * x };
  });
}

/** Shows the chain rule of a number in a box. */
export function showChain(box, data, { parameter, index, descent }) {
  const name = data.parameters[parameter].name;
  const symbol = data.symbols[parameter][index];
  const next = descent.next();
  const gradient = next[`gradient of ${name}`][index];
  const value = descent.values()[name][index];
  const place = placeOf(data, parameter, index);
  const parts = place ? rowByRow(data, descent.trace(), place, symbol, gradient) : [];
  if (!place) parts.push(formula(`∂E/∂${symbol} = `, strong(shown(gradient))));
  box.replaceChildren(
    ...parts,
    ...update(data, { symbol, value, gradient, descent, after: next[name][index] }),
  );
}

function rowByRow(data, trace, place, symbol, gradient) {
  const factors = factorsOf(data, trace, place);
  const input = place.name?.length > LONG ? "x" : place.name;
  const product = input === null ? place.delta : `${place.delta} · ${input}`;
  const mean = factors.reduce((sum, factor) => sum + factor.product, 0) / factors.length;
  const most = [...factors].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, FACTORS);
  const kept = new Set(most);
  const body = element("tbody");
  for (const { row, delta, x, product: one } of factors.filter((factor) => kept.has(factor))) {
    const line = element("tr");
    const head = element("th", String(row + 1));
    head.scope = "row";
    line.append(head, element("td", shown(delta, 4)));
    if (input !== null) line.append(element("td", shown(x, 4)), element("td", shown(one, 4)));
    body.append(line);
  }
  const average = element("tr", "", "mean");
  const head = element("th", "mean");
  head.scope = "row";
  const empty = input === null ? [] : [element("td"), element("td")];
  average.append(head, ...empty, element("td", shown(mean)));
  body.append(average);
  const table = element("table", "", "rows factors");
  const columns = input === null ? [place.delta] : [place.delta, input, product];
  table.replaceChildren(headings(["row", ...columns]), body);
  const scroll = element("div", "", "scroll");
  scroll.append(table);
  const named = input === place.name ? "" : ` x = ${place.name}.`;
  const which = factors.length > FACTORS ? ` The ${FACTORS} rows of ${factors.length} that weigh most:` : "";
  const parts = [
    formula(`∂E/∂${symbol} = mean over rows of ${product} = `, strong(shown(mean))),
    element("p", `${place.delta} = ∂(error of a row)/∂z of the unit.${named}${which}`, "small muted"),
    scroll,
  ];
  if (data.penalised) parts.push(formula("With the penalties: ", strong(shown(gradient))));
  return parts;
}

/** What the next step makes of the number. */
function update({ descent: { plain, optimizer, rule } }, { symbol, value, gradient, descent, after }) {
  const next = formula("", strong("Next step: "));
  if (!plain) {
    next.append(`${symbol} = ${shown(value, 6)} → `, strong(shown(after, 6)));
    return [next, element("p", `${optimizer}: ${rule}`, "small muted")];
  }
  const times = gradient < 0 ? `(${shown(gradient)})` : shown(gradient);
  const numbers = `${shown(value, 6)} − ${shown(descent.rate)} · ${times}`;
  next.append(`${symbol} − η · ∂E/∂${symbol} = ${numbers} = `, strong(shown(after, 6)));
  return [next];
}

function strong(text) {
  return element("strong", text);
}

function formula(text, ...rest) {
  const line = element("p", text, "formula");
  line.append(...rest);
  return line;
}
