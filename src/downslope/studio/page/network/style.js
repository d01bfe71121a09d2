/** How the numbers of the network are shown in the room that there is for them. */
import { network } from "../core/store.js";
import { computed, signal } from "../core/ui.js";
import { layoutOf } from "./layout.js";
import { numbersFit } from "./places.js";

const MOST = 52; // numbers that a reader would move one by one
const LEAST_WIDTH = 300;
const LOW = 250; // pixels of a drawing of numbers where rows come below it, and are to be seen too

/**
 * The pixels that there are for the drawing, or null before it is measured: its width, its height where the
 * parts of the page stand beside each other, and that height while nothing is selected.
 */
export const room = signal(null);

/** The width of the drawing. */
export const widthIn = ({ width }) => Math.max(width, LEAST_WIDTH);

/** Where the units stand. */
export function layoutIn(net, kind, space, height = space.height) {
  return layoutOf(net, widthIn(space), kind, height ?? (kind === "numbers" ? LOW : undefined));
}

/** What the size of the network alone allows; the columns of the page, and so the room, follow it. */
export const allowed = computed(() => {
  const net = network.value;
  if (!net) return "numbers";
  if (!net.drawn) return "matrices";
  return net.weights <= MOST ? "numbers" : "lines";
});

/** "numbers" where each has a place of its own, else "lines"; "matrices" of a large network. */
export const style = computed(() => {
  const [net, space] = [network.value, room.value];
  if (allowed.value !== "numbers" || !net || !space) return allowed.value;
  const layout = layoutIn(net, "numbers", space, space.unselected);
  return numbersFit(net, layout, widthIn(space)) ? "numbers" : "lines";
});
