/* The timeline: the part of a recording between `from` and `to` as a ruler, and below it the whole as an overview.
   It draws and it listens to the pointer; what it is told to show is set from outside. Instants in ms since 1970. */

import { Painter } from "./timeline-paint.js";

const SHORTEST = 200;

export class Timeline {
  /* `events`: seek(instant) while the pointer scrubs, changed() after each drawing. */
  constructor(ruler, overview, whole, events) {
    Object.assign(this, { ruler, overview, whole, events });
    this.data = { covered: [], gaps: [], clock: [], segments: [] };
    this.clips = []; // {start, end, number}
    this.achieved = []; // [start, end] of whole segments that a rough mode takes
    this.frames = null; // instants of the frames around the playhead
    this.head = whole.start;
    this.in = this.out = this.cover = null;
    this.painter = new Painter(ruler, overview);
    this.fit();
    new ResizeObserver(() => this.draw()).observe(ruler);
    for (const name of ["zone-changed", "theme-changed"]) document.addEventListener(name, () => this.restyle());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
    this.#listen();
  }

  get span() {
    return this.to - this.from;
  }

  get width() {
    return this.ruler.clientWidth || 1;
  }

  x(instant) {
    return ((instant - this.from) / this.span) * this.width;
  }

  instant(x) {
    return this.from + (x / this.width) * this.span;
  }

  clamp(instant) {
    return Math.min(Math.max(instant, this.whole.start), this.whole.end);
  }

  fit() {
    const margin = (this.whole.end - this.whole.start) * 0.01;
    this.#show(this.whole.start - margin, this.whole.end + margin);
  }

  /* The whole has a new end; what showed the old one shows that. */
  extend(end) {
    const grown = end - this.whole.end;
    if (grown <= 0) return;
    const atEnd = this.to >= this.whole.end && this.from <= this.whole.end;
    const all = atEnd && this.from <= this.whole.start;
    this.whole.end = end;
    if (all) this.fit();
    else if (atEnd) this.#show(this.from + grown, this.to + grown);
  }

  /* `factor` < 1 shows less; `around` stays where it is. */
  zoom(factor, around = this.head) {
    const most = (this.whole.end - this.whole.start) * 1.02;
    const span = Math.min(Math.max(this.span * factor, SHORTEST), most);
    const share = around >= this.from && around <= this.to ? (around - this.from) / this.span : 0.5;
    this.#show(around - span * share, around + span * (1 - share));
  }

  /* By a share of what is visible. */
  pan(share) {
    this.#show(this.from + this.span * share, this.to + this.span * share);
  }

  /* Move the playhead; while it plays it stays in view, unless somebody has just panned. */
  follow(instant, playing) {
    if (instant === this.head) return;
    const left = this.head >= this.from && this.head <= this.to && (instant < this.from || instant > this.to);
    this.head = instant;
    if (left && playing) this.pan((instant - this.from) / this.span - 0.1);
    else if (left && !this.dragging) this.reveal(instant);
    this.draw();
  }

  /* Bring an instant into view without changing the zoom. */
  reveal(instant) {
    if (instant >= this.from && instant <= this.to) return;
    this.#show(instant - this.span / 2, instant + this.span / 2);
  }

  restyle() {
    this.painter.restyle();
    this.draw();
  }

  draw() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      this.painter.paint(this);
      this.events.changed();
    });
  }

  /* Keep at least a part of the recording in view. */
  #show(from, to) {
    const margin = (to - from) * 0.5;
    const end = Math.max(this.whole.end, this.out ?? 0); // which may be still to come
    const shift = Math.max(this.whole.start - margin - from, 0) + Math.min(end + margin - to, 0);
    this.from = from + shift;
    this.to = to + shift;
    this.draw();
  }

  #listen() {
    const { ruler, overview } = this;
    ruler.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.pointers = new Map();
    ruler.addEventListener("pointerdown", (event) => this.#down(event));
    ruler.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) ruler.addEventListener(name, (event) => this.#up(event));
    const centre = (event) => {
      const { start, end } = this.whole;
      const at = start + (event.offsetX / (overview.clientWidth || 1)) * (end - start);
      this.#show(at - this.span / 2, at + this.span / 2);
    };
    overview.addEventListener("pointerdown", (event) => {
      overview.setPointerCapture(event.pointerId);
      centre(event);
    });
    overview.addEventListener("pointermove", (event) => overview.hasPointerCapture(event.pointerId) && centre(event));
  }

  #wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.003), this.instant(event.offsetX));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.pan((event.deltaX || event.deltaY) / this.width);
    }
  }

  /* One finger or the mouse scrubs; with the middle button it pans; two fingers pan and zoom. */
  #down(event) {
    this.ruler.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    this.dragging = event.button === 1 ? "pan" : this.pointers.size > 1 ? "pinch" : "scrub";
    if (this.dragging === "scrub") this.#scrub(event);
  }

  #move(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const before = [...this.pointers.values()];
    const moved = event.offsetX - this.pointers.get(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
    if (this.dragging === "scrub") this.#scrub(event);
    else if (this.dragging === "pan") this.pan(-moved / this.width);
    else this.#pinch(before, [...this.pointers.values()]);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.dragging = null;
  }

  #scrub(event) {
    this.events.seek(this.clamp(this.instant(event.offsetX)));
  }

  #pinch([a, b], [c, d]) {
    if (b === undefined || a === b || c === d) return;
    const centre = this.instant((a + b) / 2);
    this.zoom(Math.abs(a - b) / Math.abs(c - d), centre);
    this.pan(((a + b) / 2 - (c + d) / 2) / this.width);
  }
}
