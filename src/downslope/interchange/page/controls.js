/** The sliders of the toolbar: how many steps a second, and how far a step goes. */
import { parsed, shown, typed } from "./numbers.js";

const SPEEDS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, Infinity]; // steps a second
const FIRST = SPEEDS.indexOf(20);
const MOST = 1000; // positions of the slider of the learning rate

/**
 * Makes a slider of the speed; the function it gives says how many steps a second.
 * @param {HTMLInputElement} slider
 * @param {HTMLOutputElement} words
 * @returns {() => number}
 */
export function speedSlider(slider, words) {
  slider.max = String(SPEEDS.length - 1);
  slider.value = String(FIRST);
  const speed = () => SPEEDS[Number(slider.value)];
  const show = () => {
    words.textContent = Number.isFinite(speed()) ? `${shown(speed())}/s` : "fastest";
    const whole = Number.isFinite(speed()) ? `${shown(speed())} steps a second` : "as fast as it goes";
    slider.setAttribute("aria-valuetext", whole);
  };
  slider.addEventListener("input", show);
  show();
  return speed;
}

/**
 * Makes the slider and the field of the learning rate, with the stable range where it is known.
 * @param {{slider: HTMLInputElement, field: HTMLInputElement, stable: HTMLElement, below: HTMLElement,
 *   best: HTMLButtonElement}} parts
 * @param {{learningRate: number, stable: ?[number, number]}} descent
 * @param {(rate: number) => void} changed
 * @returns {(rate: number) => void} sets the learning rate
 */
export function rateControls(
  { slider, field, stable, below, best },
  { learningRate, stable: range },
  changed,
) {
  const middle = Math.round(Math.log10(range ? range[0] : learningRate));
  const [low, high] = [middle - 4, middle + 2]; // the ends of the slider, as powers of ten
  const toSlider = (rate) => ((Math.log10(rate) - low) / (high - low)) * MOST;
  const show = (rate) => {
    slider.value = String(toSlider(rate));
    slider.setAttribute("aria-valuetext", shown(rate));
    slider.parentElement.classList.toggle("unstable", Boolean(range) && rate >= range[0]);
  };
  const set = (rate) => {
    show(rate);
    changed(rate);
  };
  slider.addEventListener("input", () => {
    const rate = Number((10 ** (low + ((high - low) * Number(slider.value)) / MOST)).toPrecision(3));
    field.value = typed(rate, 8);
    field.setAttribute("aria-invalid", "false");
    set(rate);
  });
  field.addEventListener("input", () => {
    const rate = parsed(field.value);
    field.setAttribute("aria-invalid", String(!(rate > 0)));
    if (rate > 0) set(rate);
  });
  field.value = typed(learningRate, 8);
  show(learningRate);
  const setBoth = (rate) => {
    field.value = typed(rate, 8);
    set(rate);
  };
  if (!range) return setBoth;
  const share = Math.max(0, Math.min(100, (100 * toSlider(range[0])) / MOST));
  slider.parentElement.style.setProperty("--stable", `${share}%`);
  slider.parentElement.classList.add("known");
  stable.hidden = false;
  below.textContent = shown(range[0], 4);
  best.textContent = shown(range[1], 4);
  best.addEventListener("click", () => setBoth(Number(range[1].toPrecision(4))));
  return setBoth;
}
