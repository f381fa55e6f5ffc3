/* On every page: what went wrong on the way to the server is said, and changes of state are told to screen readers. */

import "./times.js";
import "./time-field.js";

const announcer = document.getElementById("announcer");
const notice = document.getElementById("notice");
const said = new Map();

/* Say something politely, once. */
export function announce(text) {
  if (announcer) announcer.textContent = text;
}

/* Say what did not work, on the page and to screen readers. */
export function warn(text) {
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => (notice.hidden = true), 8000);
}

const REASONS = { 403: "This is not allowed. If you have signed in again meanwhile, reload the page.", 404: "It is no longer there.", 413: "That was too much at once." };

document.addEventListener("htmx:responseError", ({ detail }) => {
  warn(REASONS[detail.xhr.status] ?? "The server could not do this; its log says why.");
});
document.addEventListener("htmx:sendError", () => warn("The server does not answer; trying again may help."));

/* A part of a page that is fetched again and again has one text to announce, and it is told when that changes. */
document.addEventListener("htmx:load", ({ target }) => {
  for (const part of [target, ...target.querySelectorAll("[data-announce]")]) {
    if (!part.dataset?.announce) continue;
    const before = said.get(part.id);
    said.set(part.id, part.dataset.announce);
    if (before !== undefined && before !== part.dataset.announce) announce(part.dataset.announce);
  }
});
