/* <button data-copy="id">: the text of that element goes to the clipboard. */

import { announce } from "./site.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const done = await copied(source);
  announce(done ? "Copied." : "Selected; copy it with Ctrl+C.");
  button.textContent = done ? "Copied" : "Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 2000);
});

/* Browsers have the clipboard only on https and on localhost; elsewhere the old way, and the text stays selected. */
async function copied(source) {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.textContent).then(() => true, () => false);
  getSelection().selectAllChildren(source);
  return document.execCommand("copy");
}
