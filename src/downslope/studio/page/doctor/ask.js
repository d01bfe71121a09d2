/** What the doctor was asked, and what it said. */
import { ask, send } from "../core/session.js";
import { COLUMNS, frame, panel } from "../core/store.js";
import { computed, signal } from "../core/ui.js";

/** Whether it is at it, what it found last, and which of its remedies was taken. */
export const doctor = signal({ busy: false, found: null, applied: null });

/** Open its panel, and have the present run examined. */
export async function examine() {
  panel.value = "doctor";
  if (innerWidth < COLUMNS) document.querySelector(".side").scrollIntoView(); // it is further down
  if (doctor.value.busy) return;
  doctor.value = { busy: true, found: null, applied: null };
  const found = await ask("examine");
  doctor.value = { busy: false, found: found?.message === "examined" ? found : null, applied: null };
}

/** The place of the first finding of the present run that the page can mend; -1 where none was found yet. */
export const mendable = computed(() => {
  const { found, applied } = doctor.value;
  const isPresent = found && applied === null && found.run === frame.value?.timeline?.run;
  return isPresent ? found.findings.findIndex((one) => one.changes && one.stated !== "suspected") : -1;
});

export const cancel = () => send("cancel", { of: "examine" });

/** Whether a remedy sets nothing: it asks for more steps, and the page goes on until it is paused. */
export const isMoreSteps = ({ settings, ...rest }) =>
  !Object.keys(settings).length && !Object.keys(rest).length;

/** Take the remedy of a finding. @param {number} index */
export function apply(index) {
  const { found } = doctor.value;
  const { changes } = found.findings[index];
  if (isMoreSteps(changes)) send("play");
  else send("apply_remedy", { run: found.run, ...changes });
  doctor.value = { ...doctor.value, applied: index };
}
