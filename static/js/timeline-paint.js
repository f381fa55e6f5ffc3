/* How the timeline looks. Colours come from the style sheet; what matters is never told by colour alone: gaps are
   hatched and say how long they are, clips are numbered, whole segments that a rough mode takes are dashed. */

import { dayStart, sayDuration } from "./instants.js";
import { clock, currentZone, day } from "./times.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  20, 40, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE,
  10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR,
];
const COLOURS = ["covered", "segment", "missing", "missing-text", "clip", "clip-text", "clock", "marked", "head", "line", "quiet", "text", "accent", "surface"];
export const LANE = { top: 34, height: 44 };
const CLIPS = { top: 84, height: 18 };
const LABEL = 11;

export class Painter {
  constructor(ruler, overview) {
    this.ruler = ruler;
    this.overview = overview;
    this.restyle();
  }

  /* Read the colours again: the theme has changed. */
  restyle() {
    const style = getComputedStyle(this.ruler);
    this.colour = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    this.font = `${LABEL}px ${style.getPropertyValue("--mono")}`;
  }

  paint(view) {
    this.#ruler(sized(this.ruler), view);
    this.#overview(sized(this.overview), view);
  }

  #ruler(pen, view) {
    pen.font = this.font;
    pen.textBaseline = "middle";
    this.#time(pen, view);
    for (const [start, end] of view.data.covered) this.#block(pen, view, start, end, LANE, this.colour.covered);
    this.#segments(pen, view);
    this.#frames(pen, view);
    for (const gap of view.data.gaps) this.#gap(pen, view, gap);
    for (const step of view.data.clock) this.#step(pen, view, step);
    this.#marked(pen, view);
    for (const clip of view.clips) this.#clip(pen, view, clip);
    for (const [start, end] of view.achieved) this.#taken(pen, view, start, end);
    if (view.cover !== null) this.#diamond(pen, view.x(view.cover), LANE.top + LANE.height / 2, "accent", "surface");
    this.#head(pen, view);
  }

  #time(pen, view) {
    const sub = view.span / view.width;
    const step = STEPS.find((each) => each / sub >= 84) ?? 24 * HOUR;
    const digits = step < SECOND ? 3 : 0;
    const zone = currentZone();
    let today = "";
    // Counted from midnight in the zone that is shown, so that days and hours fall on round labels.
    const midnight = dayStart(view.from, zone);
    const first = midnight + Math.floor((view.from - midnight) / step) * step;
    for (let at = first; at <= view.to; at += step) {
      const x = Math.round(view.x(at));
      const turns = day(at) !== today;
      const midnightHere = turns && today !== "";
      today = day(at);
      pen.fillStyle = midnightHere ? this.colour.text : this.colour.line;
      pen.fillRect(x, midnightHere ? 0 : 16, midnightHere ? 2 : 1, LANE.top - (midnightHere ? 0 : 16) - 2);
      pen.fillStyle = this.colour.quiet;
      pen.fillText(clock(at, digits), x + 4, 24);
      if (midnightHere) this.#day(pen, today, x + 6);
    }
    // The day of the left edge, unless the next one is about to push it away.
    const next = dayStart(view.from, zone) + 24 * HOUR;
    if (view.x(next) > 90 || next > view.to) this.#day(pen, day(Math.max(view.from, view.whole.start)), 4);
  }

  #day(pen, text, x) {
    pen.fillStyle = this.colour.text;
    pen.fillText(text, x, 8);
  }

  #segments(pen, view) {
    const { segments } = view.data;
    const first = lowerBound(segments, view.from);
    const last = lowerBound(segments, view.to);
    if (last - first > view.width / 7) return;
    pen.fillStyle = this.colour.segment;
    for (const start of segments.slice(first, last)) pen.fillRect(Math.round(view.x(start)), LANE.top, 1, LANE.height);
  }

  #frames(pen, view) {
    if (!view.frames || (view.frames.at(-1) - view.frames[0]) / view.frames.length < (view.span / view.width) * 6) return;
    pen.fillStyle = this.colour.segment;
    for (const at of view.frames) pen.fillRect(Math.round(view.x(at)), LANE.top + LANE.height - 8, 1, 8);
  }

  #block(pen, view, start, end, lane, fill) {
    const [x, width] = extent(view, start, end);
    pen.fillStyle = fill;
    pen.fillRect(x, lane.top, width, lane.height);
  }

  #gap(pen, view, [start, end, , intended]) {
    const [x, width] = extent(view, start, end, 3);
    if (x > view.width || x + width < 0) return;
    this.#hole(pen, x, LANE.top, width, LANE.height, view.width, intended);
    const text = intended ? `paused ${sayDuration(end - start)}` : sayDuration(end - start);
    const wide = pen.measureText(text).width;
    const middle = (Math.max(x, 0) + Math.min(x + width, view.width)) / 2;
    if (width < wide + 12) return intended && width >= 14 ? this.#pauseSign(pen, middle) : undefined;
    pen.fillStyle = this.colour.surface;
    pen.fillRect(middle - wide / 2 - 4, LANE.top + LANE.height / 2 - 9, wide + 8, 18);
    pen.fillStyle = intended ? this.colour.quiet : this.colour["missing-text"];
    pen.fillText(text, middle - wide / 2, LANE.top + LANE.height / 2);
  }

  /* Where there is no room for words. */
  #pauseSign(pen, middle) {
    pen.fillStyle = this.colour.quiet;
    for (const x of [middle - 4, middle + 1]) pen.fillRect(Math.round(x), LANE.top + LANE.height / 2 - 6, 3, 12);
  }

  /* What is missing is hatched; a pause is a dashed frame, for nothing is wrong with it. */
  #hole(pen, x, top, width, height, limit, intended) {
    if (!intended) {
      hatch(pen, x, top, width, height, this.colour.missing, limit);
      return;
    }
    pen.strokeStyle = this.colour.quiet;
    pen.lineWidth = 1;
    pen.setLineDash([4, 3]);
    pen.strokeRect(x + 0.5, top + 0.5, Math.max(width - 1, 1), height - 1);
    pen.setLineDash([]);
  }

  /* Where the clock was set: a dotted stretch that no picture has, or a line where it went back, and by how much. */
  #step(pen, view, [before, after]) {
    const [from, to] = [view.x(before), view.x(after)];
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    if (left > view.width || right < 0) return;
    pen.strokeStyle = pen.fillStyle = this.colour.clock;
    pen.lineWidth = 2;
    pen.setLineDash([2, 3]);
    pen.beginPath();
    for (const x of after > before ? [from, to] : [from]) {
      pen.moveTo(Math.round(x), LANE.top - 4);
      pen.lineTo(Math.round(x), LANE.top + LANE.height + 4);
    }
    if (after > before && right - left > 4) {
      pen.moveTo(left, LANE.top + LANE.height / 2);
      pen.lineTo(right, LANE.top + LANE.height / 2);
    }
    pen.stroke();
    pen.setLineDash([]);
    pen.lineWidth = 1;
    const text = `clock ${after < before ? "−" : "+"}${sayDuration(Math.abs(after - before))}`;
    const wide = pen.measureText(text).width;
    const next = view.data.clock.find(([at]) => at > before);
    if (next && view.x(next[0]) - from < wide + 16) return;
    const inside = right - left > wide + 12 && after > before;
    const at = inside ? (Math.max(left, 0) + Math.min(right, view.width)) / 2 - wide / 2 : Math.min(Math.max(from, 0) + 6, view.width - wide - 6);
    pen.fillStyle = this.colour.surface;
    pen.fillRect(at - 4, LANE.top + LANE.height / 2 - 9, wide + 8, 18);
    pen.fillStyle = this.colour.clock;
    pen.fillText(text, at, LANE.top + LANE.height / 2);
  }

  #clip(pen, view, { start, end, number, cover }) {
    this.#block(pen, view, start, end, CLIPS, this.colour.clip);
    const [x, width] = extent(view, start, end);
    if (!Number.isNaN(cover)) this.#diamond(pen, view.x(cover), CLIPS.top + CLIPS.height / 2, "clip-text", "clip");
    if (width < 14) return;
    pen.fillStyle = this.colour["clip-text"];
    pen.fillText(String(number), Math.max(x, 0) + 4, CLIPS.top + CLIPS.height / 2 + 1);
  }

  /* The cover, in its clip or between the marks. */
  #diamond(pen, x, y, fill, edge) {
    pen.beginPath();
    for (const [across, down] of [[0, -7], [7, 0], [0, 7], [-7, 0]]) pen.lineTo(x + across, y + down);
    pen.closePath();
    pen.fillStyle = this.colour[fill];
    pen.fill();
    pen.strokeStyle = this.colour[edge];
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.lineWidth = 1;
  }

  #taken(pen, view, start, end) {
    const [x, width] = extent(view, start, end);
    pen.strokeStyle = this.colour.accent;
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 3]);
    pen.strokeRect(x + 0.75, CLIPS.top - 2.25, width - 1.5, CLIPS.height + 4.5);
    pen.setLineDash([]);
    pen.lineWidth = 1;
  }

  #marked(pen, view) {
    if (view.in === null && view.out === null) return;
    const start = view.in ?? view.out;
    const end = view.out ?? view.in;
    if (end < start) return;
    this.#block(pen, view, start, end, LANE, this.colour.marked);
    pen.fillStyle = this.colour.accent;
    for (const at of [view.in, view.out]) if (at !== null) pen.fillRect(Math.round(view.x(at)) - 1, LANE.top - 3, 2, LANE.height + 6);
  }

  #head(pen, view) {
    const x = Math.round(view.x(view.head));
    pen.fillStyle = this.colour.head;
    pen.fillRect(x - 1, 14, 2, this.ruler.clientHeight - 14);
    pen.beginPath();
    pen.moveTo(x - 6, 14);
    pen.lineTo(x + 6, 14);
    pen.lineTo(x, 22);
    pen.fill();
  }

  #overview(pen, view) {
    const height = this.overview.clientHeight;
    const { start, end } = view.whole;
    const whole = { from: start, span: end - start, width: this.overview.clientWidth, x: (at) => ((at - start) / (end - start)) * this.overview.clientWidth };
    const lane = { top: 5, height: height - 10 };
    for (const [from, to] of view.data.covered) this.#block(pen, whole, from, to, lane, this.colour.covered);
    for (const [from, to, , intended] of view.data.gaps) {
      const [at, wide] = extent(whole, from, to, 2);
      this.#hole(pen, at, lane.top, wide, lane.height, whole.width, intended);
    }
    pen.fillStyle = this.colour.clock;
    for (const [from] of view.data.clock) pen.fillRect(Math.round(whole.x(from)) - 1, 1, 2, height - 2);
    for (const clip of view.clips) this.#block(pen, whole, clip.start, clip.end, { top: height - 8, height: 6 }, this.colour.clip);
    pen.strokeStyle = this.colour.text;
    pen.lineWidth = 2;
    const [x, width] = extent(whole, Math.max(view.from, start), Math.min(view.to, end), 6);
    pen.strokeRect(x + 1, 1, Math.max(width - 2, 4), height - 2);
    pen.fillStyle = this.colour.head;
    pen.fillRect(whole.x(view.head) - 1, 0, 2, height);
  }
}

/* The canvas at the screen's own resolution, cleared. */
function sized(canvas) {
  const scale = devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return pen;
}

/* Left edge and width, cut to what is visible and a little more, never narrower than `least`. */
function extent(view, start, end, least = 2) {
  const left = Math.max(view.x(start), -50);
  return [left, Math.max(Math.min(view.x(end), view.width + 50) - left, least)];
}

function hatch(pen, x, top, width, height, colour, limit) {
  pen.save();
  pen.beginPath();
  pen.rect(x, top, width, height);
  pen.clip();
  pen.strokeStyle = colour;
  pen.beginPath();
  const first = Math.floor((Math.max(x, 0) - height) / 7) * 7;
  for (let at = first; at < Math.min(x + width, limit); at += 7) {
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
  }
  pen.stroke();
  pen.strokeRect(x + 0.5, top + 0.5, width - 1, height - 1);
  pen.restore();
}

function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
