/** The lessons to choose from. */
import { send } from "../core/session.js";
import { lesson, overview } from "../core/store.js";
import { html } from "../core/ui.js";

/** @param {{close: () => void}} props */
export function LessonMenu({ close }) {
  const now = lesson.value;
  const choose = (command, fields) => () => {
    close();
    send(command, fields);
  };
  const item = ({ name, title, number }) => html`<li key=${name}><button
    aria-current=${now?.name === name} onClick=${choose("open_lesson", { name })}>
    ${number ? `${number}. ` : ""}${title}</button></li>`;
  return html`<ul class="lesson-list">${overview.value.lessons.map(item)}
    ${now && html`<li><button onClick=${choose("leave_lesson", {})}>Leave the lesson</button></li>`}</ul>`;
}
