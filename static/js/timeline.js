// The recording's ruler: what is there, what is missing, the chosen clips, in and out, the playhead. Times in ms since 1970.
import { clock, day, length } from "./times.js";

const STEPS = [40, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 12e4, 3e5, 6e5, 18e5, 36e5, 72e5, 216e5, 864e5];
const TOP = 26;
const BAR = 40;

export class Timeline {
  constructor(canvas, data, changed) {
    this.canvas = canvas;
    this.data = data;
    this.changed = changed;
    this.head = data.start;
    this.in = this.out = null;
    this.clips = [];
    this.achieved = [];
    this.fit();
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#drag();
  }

  fit() {
    const margin = (this.data.end - this.data.start) * 0.01;
    this.from = this.data.start - margin;
    this.to = this.data.end + margin;
    this.draw();
  }

  zoom(factor, around = this.head) {
    const span = Math.max((this.to - this.from) * factor, 400);
    if (span > (this.data.end - this.data.start) * 1.05) return this.fit();
    const share = Math.min(Math.max((around - this.from) / (this.to - this.from), 0), 1);
    this.from = around - span * share;
    this.to = this.from + span;
    this.draw();
  }

  x(time) {
    return ((time - this.from) / (this.to - this.from)) * this.canvas.clientWidth;
  }

  time(x) {
    return this.from + (x / this.canvas.clientWidth) * (this.to - this.from);
  }

  // Keep the playhead in view; a pan by hand is left alone while nothing plays.
  follow(time, playing) {
    this.head = time;
    if (playing && (time < this.from || time > this.to)) {
      const span = this.to - this.from;
      this.from = time - span * 0.1;
      this.to = this.from + span;
    }
    this.draw();
  }

  draw() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      this.#paint();
      this.changed?.();
    });
  }

  #paint() {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const color = (name) => style.getPropertyValue(name).trim();
    this.#ticks(pen, color, height);
    for (const [start, end] of this.data.covered) this.#block(pen, start, end, TOP, BAR, color("--covered"));
    this.#segments(pen, color);
    for (const [start, end] of this.data.gaps) this.#hatch(pen, start, end, color("--bad"));
    for (const [start, end] of this.clips) this.#block(pen, start, end, TOP + BAR + 6, 12, color("--clip"));
    for (const [start, end] of this.achieved) this.#outline(pen, start, end, color("--clip"));
    this.#marked(pen, color);
    pen.fillStyle = color("--head");
    pen.fillRect(this.x(this.head) - 1, 0, 2, height);
  }

  #ticks(pen, color, height) {
    const step = STEPS.find((each) => (each / (this.to - this.from)) * this.canvas.clientWidth >= 92) ?? STEPS.at(-1);
    pen.font = "11px ui-monospace, monospace";
    pen.textBaseline = "top";
    let before = "";
    for (let at = Math.ceil(this.from / step) * step; at < this.to; at += step) {
      const x = this.x(at);
      pen.fillStyle = color("--line");
      pen.fillRect(x, 0, 1, height);
      pen.fillStyle = color("--quiet");
      const today = day(at);
      pen.fillText(today === before || step < 1000 ? clock(at, step < 1000 ? 3 : 0) : `${today.slice(5)} ${clock(at, 0)}`, x + 4, 4);
      before = today;
    }
  }

  #segments(pen, color) {
    const list = this.data.segments;
    if ((this.canvas.clientWidth * (this.data.end - this.data.start)) / list.length / (this.to - this.from) < 8) return;
    pen.fillStyle = color("--surface");
    for (const start of list) if (start >= this.from && start <= this.to) pen.fillRect(this.x(start), TOP, 1, BAR);
  }

  #block(pen, start, end, top, height, fill) {
    pen.fillStyle = fill;
    const x = this.x(start);
    pen.fillRect(x, top, Math.max(this.x(end) - x, 2), height);
  }

  #hatch(pen, start, end, stroke) {
    const x = this.x(start);
    const width = Math.max(this.x(end) - x, 3);
    pen.save();
    pen.beginPath();
    pen.rect(x, TOP, width, BAR);
    pen.clip();
    pen.strokeStyle = stroke;
    pen.beginPath();
    for (let at = Math.max(x, 0) - BAR; at < Math.min(x + width, this.canvas.clientWidth); at += 7) {
      pen.moveTo(at, TOP + BAR);
      pen.lineTo(at + BAR, TOP);
    }
    pen.stroke();
    pen.strokeRect(x + 0.5, TOP + 0.5, width - 1, BAR - 1);
    pen.restore();
    if (width > 60) {
      pen.fillStyle = stroke;
      pen.fillText(length(end - start), x + 4, TOP + BAR - 14);
    }
  }

  #outline(pen, start, end, stroke) {
    pen.strokeStyle = stroke;
    pen.setLineDash([4, 3]);
    pen.strokeRect(this.x(start) + 0.5, TOP + BAR + 3.5, Math.max(this.x(end) - this.x(start), 2), 17);
    pen.setLineDash([]);
  }

  #marked(pen, color) {
    if (this.in === null && this.out === null) return;
    const from = this.in ?? this.data.start;
    const to = this.out ?? this.data.end;
    pen.fillStyle = color("--marked");
    if (this.in !== null && this.out !== null) pen.fillRect(this.x(from), TOP - 4, this.x(to) - this.x(from), BAR + 8);
  }

  #wheel(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) return this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.time(event.offsetX));
    const shift = ((event.deltaX || event.deltaY) / this.canvas.clientWidth) * (this.to - this.from);
    this.from += shift;
    this.to += shift;
    this.draw();
  }

  #drag() {
    let seeking = false;
    const seek = (event) => this.onseek?.(Math.min(Math.max(this.time(event.offsetX), this.data.start), this.data.end));
    this.canvas.addEventListener("pointerdown", (event) => {
      seeking = true;
      this.canvas.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.canvas.addEventListener("pointermove", (event) => seeking && seek(event));
    this.canvas.addEventListener("pointerup", () => (seeking = false));
  }
}
