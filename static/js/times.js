/* Times on a page: absolute, in the viewer's zone or in UTC as chosen once for all pages, always with the offset. */

import { formatDay, formatDuration, formatInstant, formatTime, fromISO, zoneName } from "./instants.js";

const KEY = "zone";
let zone = localStorage.getItem(KEY) === "utc" ? "utc" : "local";

export const currentZone = () => zone;
export const full = (instant) => formatInstant(instant, zone);
export const clock = (instant, digits) => formatTime(instant, zone, digits);
export const day = (instant) => formatDay(instant, zone);
export const length = (milliseconds) => formatDuration(milliseconds);

let ahead = 0; // ms that the server's clock is ahead of the one here

export const serverNow = () => Date.now() + ahead;

/* What an answer's Date said, in whole seconds: a clock that is nearly right is believed. */
export function heard(date) {
  const difference = Date.parse(date) + 500 - Date.now();
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) < 2000 ? 0 : difference;
}

function setZone(chosen) {
  zone = chosen;
  localStorage.setItem(KEY, zone);
  render(document);
  document.dispatchEvent(new Event("zone-changed"));
}

/* Every <time data-instant> below `root`; "seconds" leaves the milliseconds out, "time" the day. The tooltip has both
   zones. */
function render(root) {
  for (const element of root.querySelectorAll("time[data-instant]")) show(element);
  for (const button of document.querySelectorAll("[data-zone]")) showToggle(button);
}

function show(element) {
  const instant = fromISO(element.dateTime);
  if (Number.isNaN(instant)) return;
  const form = element.dataset.instant;
  element.textContent = form === "time" ? clock(instant, 3) : formatInstant(instant, zone, form === "seconds" ? 0 : 3);
  element.title = `${formatInstant(instant, "utc")}\n${formatInstant(instant, "local")}`;
}

function showToggle(button) {
  button.textContent = zone === "utc" ? "UTC" : `Local ${zoneName(Date.now(), "local")}`;
  button.setAttribute("aria-pressed", String(zone === "utc"));
  button.setAttribute("aria-label", `Times in ${zone === "utc" ? "UTC" : "your zone"}: switch`);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-zone]")) setZone(zone === "utc" ? "local" : "utc");
});
document.addEventListener("htmx:load", (event) => render(event.target.parentElement ?? document));
render(document);
