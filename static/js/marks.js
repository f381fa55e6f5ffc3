/* In and out: two fields and two handles that say the same. The fields are the truth, the handles sit on the ruler. */

import { sayDuration, toISO } from "./instants.js";
import { full, length } from "./times.js";

const NAMES = ["in", "out"];

export class Marks {
  /* `frameAt(instant)` gives the frame there; `peek(instant)` is called while a handle is dragged. */
  constructor(timeline, { frameAt, peek }) {
    Object.assign(this, { timeline, frameAt, peek });
    this.fields = Object.fromEntries(NAMES.map((name) => [name, document.getElementById(name)]));
    this.handles = Object.fromEntries(NAMES.map((name) => [name, document.getElementById(`handle-${name}`)]));
    this.said = document.getElementById("mark-length");
    this.future = document.getElementById("mark-future");
    this.kept = document.getElementById("mark-cover");
    this.cover = null; // of the clip that is being marked
    document.getElementById("marks").addEventListener("instantchange", () => this.changed());
    for (const name of NAMES) this.#handle(name);
  }

  get(name) {
    const instant = this.fields[name].instant;
    return Number.isFinite(instant) ? instant : null;
  }

  set(name, instant) {
    this.fields[name].instant = instant ?? NaN;
    this.changed();
  }

  /* Whether a picture lies between the points, as far as they are set. */
  holds(instant) {
    const [from, to] = NAMES.map((name) => this.get(name));
    return (from !== null || to !== null) && (from ?? -Infinity) <= instant && instant < (to ?? Infinity);
  }

  get complete() {
    return NAMES.every((name) => this.get(name) !== null);
  }

  /* The picture at an instant becomes the cover; if it is, it is no longer. Whether it is then. */
  setCover(instant) {
    this.cover = this.cover === instant ? null : instant;
    this.changed();
    return this.cover !== null;
  }

  clear() {
    this.cover = null;
    for (const name of NAMES) this.set(name, null);
  }

  /* Set a point at the frame shown: in at its first instant, out after its last. */
  async mark(name, instant) {
    const frame = await this.frameAt(instant);
    this.set(name, frame ? (name === "in" ? frame.start : frame.end) : instant);
    return this.get(name);
  }

  changed() {
    const [from, to] = NAMES.map((name) => this.get(name));
    this.timeline.in = from;
    this.timeline.out = to;
    if (this.cover !== null && !this.holds(this.cover)) this.cover = null;
    this.kept.value = this.cover === null ? "" : toISO(this.cover);
    this.timeline.cover = this.cover;
    const both = from !== null && to !== null;
    this.said.textContent = !both ? "–" : to > from ? length(to - from) : "ends before it begins";
    this.said.title = both && to > from ? sayDuration(to - from) : "";
    this.foresee();
    this.timeline.draw();
  }

  /* What is marked beyond the end of what is recorded. */
  foresee() {
    const out = this.get("out");
    const rest = out === null ? 0 : out - this.timeline.whole.end;
    this.future.hidden = !(rest > 0 && this.timeline.live);
    this.future.textContent = `The last ${sayDuration(rest)} is still to come. You can merge now: the job waits for it.`;
  }

  /* Put the handles where their instants are. */
  place() {
    for (const name of NAMES) {
      const [handle, instant] = [this.handles[name], this.get(name)];
      const x = instant === null ? NaN : this.timeline.x(instant);
      handle.hidden = !(x >= -1 && x <= this.timeline.width + 1);
      if (handle.hidden) continue;
      handle.style.left = `${x}px`;
      const { start, end } = this.timeline.whole;
      handle.ariaValueMin = "0";
      handle.ariaValueMax = String((end - start) / 1000);
      handle.ariaValueNow = String(((instant - start) / 1000).toFixed(3));
      handle.ariaValueText = full(instant);
    }
  }

  #handle(name) {
    const handle = this.handles[name];
    const at = (event) => this.timeline.clamp(this.timeline.instant(event.clientX - this.timeline.ruler.getBoundingClientRect().left));
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      this.set(name, Math.floor(at(event)));
      this.peek(name === "in" ? this.get(name) : this.get(name) - 1);
    });
    handle.addEventListener("pointerup", (event) => this.#snap(name, at(event)));
    handle.addEventListener("keydown", (event) => this.#key(name, event));
  }

  /* To the frame: what is sent is what is shown. */
  async #snap(name, instant) {
    const frame = await this.frameAt(instant);
    if (frame) this.set(name, instant - frame.start < frame.end - instant ? frame.start : frame.end);
  }

  async #key(name, event) {
    const { start, end } = this.timeline.whole;
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!step && !["Home", "End"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Home" || event.key === "End") return this.set(name, event.key === "Home" ? start : end);
    const far = event.shiftKey || Math.abs(step) > 1;
    const instant = this.timeline.clamp(this.get(name) + (far ? step * 1000 : 0));
    const frame = far ? null : await this.frameAt(this.get(name) + (step > 0 ? 0 : -0.5));
    this.set(name, far ? instant : frame ? (step > 0 ? frame.end : frame.start) : instant + step * 40);
    this.peek(name === "in" ? this.get(name) : this.get(name) - 1);
    this.timeline.reveal(this.get(name));
  }
}
