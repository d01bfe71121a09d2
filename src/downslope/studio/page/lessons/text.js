/** The text of a lesson: spans that the session has read, each as an element. No HTML of a file is here. */
import { html } from "../core/ui.js";
import { goTo } from "./places.js";

const KINDS = {
  text: ({ text }) => text,
  code: ({ text }) => html`<code>${text}</code>`,
  strong: ({ text }) => html`<strong>${text}</strong>`,
  emphasis: ({ text }) => html`<em>${text}</em>`,
  link: ({ text, to }) => html`<a href=${to} target="_blank" rel="noopener noreferrer">${text}</a>`,
  part: ({ text, to }) => html`<button class="part" onClick=${() => goTo(to)}>${text}</button>`,
};

/** @param {{spans: {kind: string, text: string, to: string}[]}} props */
export function Spans({ spans }) {
  return spans.map((span) => KINDS[span.kind](span));
}

/** Paragraphs and points. @param {{blocks: {kind: string, spans: object[]}[]}} props */
export function Blocks({ blocks }) {
  const block = ({ kind, spans }, i) => html`<p key=${i} class=${kind}><${Spans} spans=${spans} /></p>`;
  return blocks.map(block);
}

/** What is read aloud. @param {{spans: {text: string}[]}[]} blocks */
export function spoken(blocks) {
  return blocks.map(({ spans }) => spans.map(({ text }) => text).join("")).join(" ");
}

/** The parts that some spans speak of. @param {{spans: {kind: string, to: string}[]}[]} blocks */
export function partsOf(blocks) {
  const parts = blocks.flatMap(({ spans }) => spans.filter(({ kind }) => kind === "part"));
  return [...new Set(parts.map(({ to }) => to))];
}
