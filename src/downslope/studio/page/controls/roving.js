/** Many controls as one stop of the Tab key: arrow keys go from one to the next. */
import { useLayoutEffect, useRef } from "../core/ui.js";

const ALONG = { ArrowRight: 1, ArrowLeft: -1 };
const ACROSS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * The handlers of a box whose controls are one stop of the Tab key.
 * @param {{current: HTMLElement}} box
 * @param {string} controls a selector
 * @param {boolean} [inRows] whether they stand in the rows of a table, which up and down go through
 */
export function useRoving(box, controls, inRows = false) {
  const last = useRef(null); // the control that has the focus, or had it
  const before = useRef([]); // the controls there were, and how wide the window was
  const enabled = () => [...box.current.querySelectorAll(controls)].filter((one) => !one.disabled);
  const found = () => enabled().filter((one) => one.checkVisibility());
  useLayoutEffect(() => {
    if (!box.current) return;
    const all = enabled();
    const now = [innerWidth, ...all];
    if (last.current && alike(before.current, now)) return; // visibility asks for a layout
    before.current = now;
    const visible = all.filter((one) => one.checkVisibility());
    if (!visible.includes(last.current)) last.current = visible[0] ?? null;
    for (const one of all) setTab(one, one === last.current);
  });
  const focus = (one) => {
    if (!one) return;
    setTab(last.current, false);
    setTab(one, true);
    last.current = one;
    one.focus();
    one.select?.(); // what is typed takes its place
  };
  const onFocusIn = ({ target }) => {
    if (target === last.current || !target.matches(controls)) return;
    setTab(last.current, false);
    setTab(target, true);
    last.current = target;
  };
  const onKeyDown = (event) => {
    const { key, target } = event;
    if (!target.matches(controls) || event.ctrlKey || event.metaKey || event.altKey) return;
    const along = ALONG[key] && leaves(target, ALONG[key]) ? ALONG[key] : 0;
    const across = inRows ? (ACROSS[key] ?? 0) : 0;
    if (!along && !across) return;
    event.preventDefault();
    event.stopPropagation(); // or it would be a shortcut
    focus(across ? inNextRow(target, across, controls) : found()[found().indexOf(target) + along]);
  };
  return { onFocusIn, onKeyDown };
}

const alike = (some, others) => some.length === others.length && some.every((one, i) => one === others[i]);

function setTab(one, stops) {
  if (one && one.tabIndex !== (stops ? 0 : -1)) one.tabIndex = stops ? 0 : -1;
}

/** Whether an arrow key leaves a control: the caret of a field has to be at its end. */
function leaves(target, direction) {
  if (target.tagName !== "INPUT" || target.selectionStart === null) return true;
  const { selectionStart: start, selectionEnd: end, value } = target;
  return (start === 0 && end === value.length) || (direction > 0 ? start === value.length : end === 0);
}

/** The control in the same column of the row above or below. */
function inNextRow(target, direction, controls) {
  const cell = target.closest("td, th");
  const row = cell.parentElement;
  const next = direction > 0 ? row.nextElementSibling : row.previousElementSibling;
  return next?.cells[cell.cellIndex]?.querySelector(controls);
}
