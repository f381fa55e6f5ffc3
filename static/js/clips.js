/* The clip list as the server renders it: shown on the timeline, put in order by dragging, removed by a key. */

import { fromISO } from "./instants.js";

export class ClipRows {
  constructor(recording, timeline) {
    this.recording = recording;
    this.timeline = timeline;
    document.body.addEventListener("htmx:load", () => this.read());
    this.read();
  }

  read() {
    this.#placeNotes();
    const rows = [...document.querySelectorAll("#clips li[data-clip]")];
    this.timeline.clips = rows
      .map((row, position) => ({ ...rangeOf(row), number: position + 1 }))
      .filter((clip) => clip.recording === this.recording);
    this.timeline.achieved = [...document.querySelectorAll("#clips [data-achieved]")]
      .map(rangeOf)
      .filter((taken) => taken.recording === this.recording)
      .map(({ start, end }) => [start, end]);
    const suggested = document.querySelector("[data-suggested]")?.textContent;
    const name = document.querySelector("#merge [name=key]");
    if (name && suggested && !name.value) name.placeholder = suggested;
    this.#sortable(document.querySelector("[data-sortable]"));
    this.timeline.draw();
  }

  /* What the plan says about a clip stands beside it; rows without a note lose an older one. */
  #placeNotes() {
    if (!document.querySelector("#plan [data-notes], #plan .refusal")) return;
    for (const place of document.querySelectorAll("#clips .notes")) {
      const notes = document.querySelector(`#plan [data-notes="${place.dataset.of}"]`);
      place.replaceChildren(...(notes ? notes.cloneNode(true).childNodes : []));
    }
  }

  /* The row the focus is in, if any. */
  removeFocused() {
    document.activeElement?.closest("li[data-clip]")?.querySelector("[data-remove]").click();
  }

  #sortable(list) {
    if (!list || list.sortable) return;
    list.sortable = Sortable.create(list, {
      handle: ".grip",
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      onEnd: () => {
        const order = [...list.querySelectorAll("li[data-clip]")].map((row) => row.dataset.clip);
        list.inert = true; // what is clicked now would be answered into a list that is about to be replaced
        htmx
          .ajax("POST", list.dataset.order, { target: "#clips", swap: "outerHTML", values: { clip: order } })
          .finally(() => (list.inert = false));
      },
    });
  }
}

function rangeOf({ dataset }) {
  return { recording: Number(dataset.recording), start: fromISO(dataset.start), end: fromISO(dataset.end) };
}
