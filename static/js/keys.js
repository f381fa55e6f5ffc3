/* One table of keys: it drives the page, fills the help, and can be switched off (single keys disturb some tools). */

const KEY = "keys";
const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "⏎", "-": "−" };

/* `table`: rows of {keys: ["Shift+ArrowLeft", …], label, run, repeat}. */
export function bindKeys(table, dialog) {
  let on = localStorage.getItem(KEY) !== "off";
  const byKey = new Map(table.flatMap((row) => row.keys.map((key) => [key, row])));
  const box = dialog.querySelector("#keys-on");
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    localStorage.setItem(KEY, on ? "on" : "off");
  });
  dialog.querySelector("dl").replaceChildren(...table.flatMap(helpOf));
  document.addEventListener("keydown", (event) => {
    const row = on && !isElsewhere(event) && byKey.get(nameOf(event));
    if (!row || (event.repeat && !row.repeat)) return;
    event.preventDefault();
    row.run();
  });
}

/* Fields and dialogs keep their keys, buttons their Space and Enter. */
function isElsewhere(event) {
  if (event.defaultPrevented || event.altKey !== nameHasAlt(event)) return true;
  const { target } = event;
  if (target.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, dialog[open], [contenteditable]")) {
    return !(event.ctrlKey && event.key === "Enter");
  }
  return Boolean(target.closest("button, a, summary, input, label")) && [" ", "Enter"].includes(event.key) && !event.ctrlKey;
}

const nameHasAlt = (event) => event.altKey && ["x", "X", "ArrowLeft", "ArrowRight"].includes(event.key);

function nameOf({ key, shiftKey, ctrlKey, metaKey, altKey }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  const symbol = key.length === 1 && !/[a-z ]/i.test(key);
  return (ctrlKey || metaKey ? "Ctrl+" : "") + (altKey ? "Alt+" : "") + (shiftKey && !symbol ? "Shift+" : "") + name;
}

function helpOf({ keys, label }) {
  const term = document.createElement("dt");
  for (const key of keys) {
    if (term.childNodes.length) term.append(" ");
    for (const [position, part] of key.split(/(?<=.)\+(?=.)/).entries()) {
      if (position) term.append("+");
      const shown = document.createElement("kbd");
      shown.textContent = NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part);
      term.append(shown);
    }
  }
  const meaning = document.createElement("dd");
  meaning.textContent = label;
  return [term, meaning];
}
