/* The clip list as the server renders it: shown on the timeline, put in order by dragging, removed by a key. */

import { fromISO, toISO } from "./instants.js";

const SAME = 0.002; // ms: instants are exact to the microsecond

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
      .map((row, position) => ({ ...rangeOf(row), number: position + 1, cover: fromISO(row.dataset.cover ?? ""), row }))
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

  /* The clip that holds the picture at an instant, the one with the focus before others. */
  at(instant) {
    this.read(); // the list may have come this very moment
    const holding = this.timeline.clips.filter(({ start, end }) => start <= instant && instant < end);
    return holding.find(({ row }) => row.contains(document.activeElement)) ?? holding[0];
  }

  /* The picture at an instant becomes the cover; if it is, it is no longer. Whether it is then. */
  async cover(clip, instant) {
    const at = Math.abs(clip.cover - instant) < SAME ? "" : toISO(instant);
    await htmx.ajax("POST", clip.row.dataset.setCover, { target: "#clips", swap: "outerHTML", values: { at } });
    return at !== "";
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
