/** The state of the page: what the session sent last, and what the reader looks at. */
import { computed, signal } from "./ui.js";

/** What changes rarely, and what training moves; null until they arrive. */
export const overview = signal(null);
export const frame = signal(null);
/** Pictures and matrices stay until newer ones come. */
export const pictures = signal({});
export const matrices = signal(null);
/** The cells of the rows that are shown. */
export const cells = signal({ first: 0, indices: [], cells: [] });
/** A message to the reader: {text, kind}. */
export const notice = signal(null);
/** The connection: "opening", "open", "closed", "refused" by a server that knows another token, or "full". */
export const connection = signal("opening");

/** What the reader looks at. */
export const selected = signal(null); // {what: "weight" | "unit", name, index}
export const row = signal(null); // index of a row of the table
export const explanation = signal(null); // the last derivation
export const shownRows = signal([0, 20]);
export const order = signal("table");
export const lines = signal("weight");
export const panel = signal("picture"); // of the column beside the network, the one that is open
/** From which width of the window on, in pixels, its parts stand beside each other, as in page.css. */
export const COLUMNS = 1001;
export const presenting = signal(false); // whether everything is large, without toolbar and tabs
export const wide = signal(false); // whether that column stands over the network too
export const asked = signal({ pictures: null, units: null, matrices: null });

/** Say that what was typed is no number. */
export function refuseNumber(label, text) {
  notice.value = { text: `“${text.trim()}” is no number, and “${label}” needs one`, kind: "refused" };
}

/** Whether what is shown changes by itself: steps are taken, or saved ones replayed. */
export const moving = computed(() =>
  Boolean(frame.value && (frame.value.playing || frame.value.replay !== null)),
);

export const network = computed(() => overview.value?.network);
export const settings = computed(() => overview.value?.settings);
export const table = computed(() => overview.value?.table);
/** The step of the lesson that is open, or null. */
export const lesson = computed(() => overview.value?.lesson ?? null);

/**
 * Take a new overview, of which only the parts that changed are sent. What was selected in another table or
 * network is selected no more.
 * @param {object} parts
 */
export function takeOverview(parts) {
  const before = overview.value;
  const after = { ...before, ...parts };
  overview.value = after;
  if (!before) return;
  const targets = ({ table: { name, targets: columns } }) => JSON.stringify([name, columns]);
  const shapes = ({ network: { shapes: sizes, inputs } }) => JSON.stringify([sizes, inputs]);
  const otherTable = targets(before) !== targets(after);
  if (otherTable || row.value >= after.table.rows) row.value = null;
  if (otherTable) lines.value = "weight";
  if (otherTable || shapes(before) !== shapes(after)) {
    selected.value = null;
    explanation.value = null;
  }
}
