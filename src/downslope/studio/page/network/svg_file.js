/** The drawing of the network as an SVG file. */
import { saveFile } from "../core/save.js";

const SVG = "http://www.w3.org/2000/svg";
const LINE = 15; // pixels from line to line
const styleOf = (element) => getComputedStyle(element);

/** Save the drawing as it is now: lines, units, names and numbers. */
export function saveDrawing() {
  const canvas = document.querySelector(".drawing .canvas");
  const svg = copiedLines(canvas);
  const own = canvas.getBoundingClientRect();
  for (const box of canvas.querySelectorAll(".unit, .weight, .errorbox")) addBox(svg, box, own);
  for (const name of canvas.querySelectorAll(".inputname")) addName(svg, name, own);
  saveFile("network.svg", new XMLSerializer().serializeToString(svg), "image/svg+xml");
}

/** The lines with their style written out, for there is no style sheet in the file. */
function copiedLines(canvas) {
  const shown = canvas.querySelector("svg.lines");
  const svg = shown.cloneNode(true);
  svg.setAttribute("xmlns", SVG);
  const copies = svg.querySelectorAll("line");
  shown.querySelectorAll("line").forEach((line, k) => {
    const { stroke, strokeWidth, strokeOpacity, strokeDasharray } = styleOf(line);
    copies[k].removeAttribute("style");
    copies[k].removeAttribute("class");
    const written = {
      stroke,
      "stroke-width": strokeWidth,
      "stroke-opacity": strokeOpacity,
      "stroke-dasharray": strokeDasharray,
    };
    for (const [name, value] of Object.entries(written)) copies[k].setAttribute(name, value);
  });
  return svg;
}

function add(svg, kind, attributes, text = "") {
  const element = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  svg.append(element);
}

function write(svg, text, x, y, element, anchor = "middle") {
  const { color, fontSize } = styleOf(element);
  add(
    svg,
    "text",
    {
      x,
      y: y + 4,
      fill: color,
      "text-anchor": anchor,
      "font-size": fontSize,
      "font-family": "system-ui, sans-serif",
    },
    text,
  );
}

function placed(element, own) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left - own.left, y: top - own.top, width, height };
}

function addBox(svg, box, own) {
  const { x, y, width, height } = placed(box, own);
  const round = box.matches(".unit:not(.input)") ? width / 2 : 7;
  const { backgroundColor, borderTopColor, borderTopStyle } = styleOf(box);
  const dashes = borderTopStyle === "dashed" ? "4 3" : "none";
  add(svg, "rect", {
    x,
    y,
    width,
    height,
    rx: round,
    fill: backgroundColor,
    stroke: borderTopColor,
    "stroke-dasharray": dashes,
  });
  const field = box.querySelector("input");
  if (field) {
    write(svg, box.querySelector(".name").textContent, x + 6, y + height / 2, box, "start");
    write(svg, field.value, x + width - 26, y + height / 2, field, "end");
    return;
  }
  const texts = [...box.children].map((part) => part.textContent);
  const line = (i) => y + height / 2 + (i - (texts.length - 1) / 2) * LINE;
  texts.forEach((text, i) => write(svg, text, x + width / 2, line(i), box));
}

function addName(svg, name, own) {
  const { x, y, width, height } = placed(name, own);
  const right = styleOf(name).textAlign === "right";
  write(
    svg,
    name.textContent,
    x + (right ? width : width / 2),
    y + height / 2,
    name,
    right ? "end" : "middle",
  );
}
