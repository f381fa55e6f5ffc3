/* The recording page: player, timeline, marks and clips held together. Every key has a button, every drag a field. */

import { announce, warn } from "./site.js";
import { ClipRows } from "./clips.js";
import { Frames } from "./frames.js";
import { fromISO, sayDuration } from "./instants.js";
import { bindKeys } from "./keys.js";
import { Marks } from "./marks.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";
import { full, heard, serverNow } from "./times.js";

const $ = (id) => document.getElementById(id);
const ROUNDING = 0.25; // ms that the time of a picture may lie before its instant in the index
const GROWS_EVERY = 2000; // ms between two looks at the end of a recording that grows
const BEHIND = 6000; // ms behind the newest picture that one is at least taken to when one goes live
const AHEAD = 12 * 3_600_000; // ms after the newest picture in which a typed time of day is looked for while it grows
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

class Editor {
  constructor(root) {
    this.root = root;
    const { playlist, start, end } = root.dataset;
    this.recording = { playlist, start: start / 1000, end: end / 1000 };
    this.video = $("video");
    this.frames = new Frames(root.dataset.frames);
    this.player = new Player(this.video, this.recording, (text) => this.#notice(text));
    this.timeline = new Timeline($("ruler"), $("overview"), this.recording, {
      seek: (instant) => this.#scrub(instant),
      changed: () => this.#drawn(),
    });
    if ($("marks")) this.#edit();
    this.#load();
    this.#listen();
    this.#tick();
  }

  async #load() {
    const found = await this.#ask(0);
    if (!found) return this.#notice("The timeline could not be loaded. Reload the page.");
    this.#take(found);
    if (!this.live) return;
    this.#showLive();
    if (location.hash === "#live") this.goLive();
    setTimeout(() => this.#grow(), GROWS_EVERY);
  }

  /* What is recorded from an instant on, in ms. */
  async #ask(since) {
    const answer = await fetch(`${this.root.dataset.timeline}?since=${Math.round(since * 1000)}`).catch(() => null);
    if (!answer?.ok) return null;
    heard(answer.headers.get("Date"));
    const { start, end, covered, gaps, clock, segments, ended } = await answer.json();
    return {
      start: start / 1000,
      end: end / 1000,
      covered: covered.map((pair) => pair.map((each) => each / 1000)),
      gaps: gaps.map(([from, to, reason, intended]) => [from / 1000, to / 1000, reason, intended]),
      clock: clock.map((pair) => pair.map((each) => each / 1000)),
      segments: segments.map((each) => each / 1000),
      ended,
    };
  }

  /* While it is recorded its end is asked for again and again; who looks at the end goes on looking at it. */
  async #grow() {
    const found = await this.#ask(this.timeline.data.segments.at(-1) ?? 0);
    if (found) this.#take(grown(this.timeline.data, found));
    if (this.live) return setTimeout(() => this.#grow(), GROWS_EVERY);
    this.#showLive();
    announce("The recording has ended.");
  }

  #showLive() {
    for (const name of ["live", "until-now"]) if ($(name)) $(name).hidden = !this.live;
  }

  #take(data) {
    this.live = this.timeline.live = !data.ended;
    this.timeline.data = data;
    this.timeline.extend(data.end);
    this.recording.covered = data.covered;
    this.recording.starts = new Map(data.segments.map((start) => [Math.floor(start), start]));
    this.#listGaps(data.gaps, data.clock);
    if (this.live) $("length").textContent = sayDuration(data.end - this.recording.start);
    this.player.grew();
    const last = new Date(data.end + (this.live ? AHEAD : 0)).toISOString();
    for (const field of document.querySelectorAll("time-field")) field.setAttribute("last", last);
    this.marks?.foresee();
    this.timeline.draw();
  }

  #edit() {
    this.marks = new Marks(this.timeline, {
      frameAt: (instant) => this.frames.at(instant),
      peek: (instant) => this.#scrub(instant),
    });
    this.rows = new ClipRows(Number(this.root.dataset.recording), this.timeline);
    $("marks").addEventListener("htmx:afterRequest", (event) => {
      if (!event.detail.successful || $("marks").querySelector(".refusal")) return;
      announce("Clip added.");
      this.marks.clear();
    });
  }

  /* What the pointer asks for faster than a picture comes is skipped; the last wish counts. */
  #scrub(instant) {
    this.wish = instant;
    if (!this.video.seeking) this.#grant();
  }

  #grant() {
    if (this.wish === undefined) return;
    const wish = this.wish;
    this.wish = undefined;
    this.seek(wish);
  }

  seek(instant) {
    this.until = null;
    this.player.seek(instant);
    this.timeline.reveal(this.timeline.dragging ? this.timeline.head : instant);
  }

  move(milliseconds) {
    this.seek(this.player.instant + milliseconds);
  }

  /* A frame on or back; over a hole to the next frame there is. Into its middle, so that rounding changes nothing. */
  async step(count) {
    this.video.pause();
    const frame = await this.frames.step(this.player.instant + ROUNDING, count);
    if (frame) return this.seek((frame.start + frame.end) / 2);
    const edges = this.timeline.data.covered.map(([start, end]) => (count > 0 ? start : end - 1));
    const next = count > 0 ? edges.find((each) => each > this.player.instant) : edges.findLast((each) => each < this.player.instant);
    if (next !== undefined) this.seek(next);
  }

  async mark(name) {
    if (!this.marks) return;
    const instant = await this.marks.mark(name, this.player.instant + ROUNDING);
    announce(`${name === "in" ? "In" : "Out"} ${full(instant)}`);
  }

  /* Up to this moment: what is on its way is waited for. */
  untilNow() {
    if (!this.live || !this.marks) return;
    const now = Math.floor(serverNow());
    this.marks.set("out", now);
    this.timeline.reveal(now);
    announce(`Out ${full(now)}, now`);
  }

  /* The picture shown becomes the cover of the clip it is in: of the one that is being marked, or of one in the list. */
  async cover() {
    if (!this.marks) return;
    const instant = this.player.instant + ROUNDING;
    const at = (await this.frames.at(instant))?.start ?? instant;
    const clip = this.rows.at(at);
    const marked = this.marks.holds(at) && (this.marks.complete || !clip);
    if (!marked && !clip) return warn("The picture shown is in no clip: set In and Out around it, or go into a clip.");
    const chosen = marked ? this.marks.setCover(at) : await this.rows.cover(clip, at);
    announce(chosen ? `Cover ${full(at)}` : "The cover is chosen for you.");
  }

  goTo(name, shift = 0) {
    const instant = this.marks?.get(name);
    if (instant !== null && instant !== undefined) this.seek(instant + shift);
  }

  /* From in to out, or the last two seconds of that. */
  playMarked(last = Infinity) {
    const [from, to] = [this.marks?.get("in") ?? this.player.instant, this.marks?.get("out")];
    if (to === null || to === undefined || to <= from) return;
    this.seek(Math.max(from, to - last) + 1);
    this.until = to;
    this.player.play();
  }

  /* Edges of what is recorded and of clips: where one wants to look next. */
  jump(direction) {
    const { data, clips } = this.timeline;
    const edges = [...data.covered.flat(), ...clips.flatMap(({ start, end }) => [start, end])].sort((a, b) => a - b);
    const now = this.player.instant;
    const goal = direction > 0 ? edges.find((each) => each > now + 20) : edges.findLast((each) => each < now - 20);
    if (goal !== undefined) this.seek(goal);
  }

  jumpSegment(direction) {
    const { segments } = this.timeline.data;
    const now = this.player.instant;
    const goal = direction > 0 ? segments.find((each) => each > now + 1) : segments.findLast((each) => each < now - 20);
    if (goal !== undefined) this.seek(goal + 1);
  }

  /* L plays and then runs faster. A <video> cannot run backwards, so J slows down and then goes back in jumps. */
  shuttle(direction) {
    if (this.video.paused) return direction > 0 ? this.player.toggle() : this.move(-1000);
    const speed = SPEEDS[SPEEDS.indexOf(this.video.playbackRate) + direction];
    if (speed) this.#speed(speed);
    else if (direction < 0) this.move(-1000);
  }

  /* The newest pictures, with as much before the end as the player needs to go on without stopping. */
  goLive() {
    if (!this.live) return;
    this.seek(this.recording.end - BEHIND);
    this.#speed(1);
    this.player.play();
  }

  #speed(speed) {
    this.video.playbackRate = speed;
    $("speed").value = String(speed);
  }

  mute() {
    this.video.muted = !this.video.muted;
    for (const button of this.#buttons("mute")) button.setAttribute("aria-pressed", String(this.video.muted));
  }

  #buttons(name) {
    return this.root.querySelectorAll(`[data-do="${name}"]`);
  }

  #listen() {
    const actions = this.#actions();
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) actions[button.dataset.do]();
      const goal = event.target.closest("[data-seek]");
      if (goal) this.#follow(goal);
    });
    $("speed").addEventListener("change", (event) => this.#speed(Number(event.target.value)));
    $("volume").addEventListener("input", (event) => (this.video.volume = Number(event.target.value)));
    this.video.addEventListener("click", () => this.player.toggle());
    this.video.addEventListener("seeked", () => this.#grant());
    document.addEventListener("zone-changed", () => (this.shown = undefined));
    for (const name of ["play", "pause"]) this.video.addEventListener(name, () => this.#showPlaying());
    bindKeys(this.#table(actions), $("keys"));
  }

  #actions() {
    return {
      play: () => this.player.toggle(),
      "back-10": () => this.move(-10_000),
      "back-1": () => this.move(-1000),
      "on-1": () => this.move(1000),
      "on-10": () => this.move(10_000),
      "frame-back": () => this.step(-1),
      "frame-on": () => this.step(1),
      "set-in": () => this.mark("in"),
      "set-out": () => this.mark("out"),
      "until-now": () => this.untilNow(),
      "play-clip": () => this.playMarked(),
      "set-cover": () => this.cover(),
      "zoom-in": () => this.timeline.zoom(0.5),
      "zoom-out": () => this.timeline.zoom(2),
      "pan-back": () => this.timeline.pan(-0.5),
      "pan-on": () => this.timeline.pan(0.5),
      fit: () => this.timeline.fit(),
      mute: () => this.mute(),
      live: () => this.goLive(),
      help: () => $("keys").showModal(),
    };
  }

  #table(actions) {
    const editing = [
      { keys: ["i", "["], label: "set in", run: actions["set-in"] },
      { keys: ["o", "]"], label: "set out, after the picture shown", run: actions["set-out"] },
      { keys: ["n"], label: "set out to now, while it is live", run: actions["until-now"] },
      { keys: ["Shift+i"], label: "go to in", run: () => this.goTo("in", 1) },
      { keys: ["Shift+o"], label: "go to the last picture before out", run: () => this.goTo("out", -1) },
      { keys: ["p"], label: "play from in to out", run: actions["play-clip"] },
      { keys: ["Shift+p"], label: "play the last two seconds before out", run: () => this.playMarked(2000) },
      { keys: ["c"], label: "the picture shown becomes the cover, or no longer", run: actions["set-cover"] },
      { keys: ["Alt+x"], label: "clear in and out", run: () => this.marks.clear() },
      { keys: ["Enter"], label: "add the clip", run: () => $("marks").requestSubmit() },
      { keys: ["Delete"], label: "remove the clip that has the focus", run: () => this.rows.removeFocused() },
      { keys: ["Ctrl+Enter"], label: "merge", run: () => $("submit")?.focus() },
    ];
    return [
      { keys: [" ", "k"], label: "play, pause", run: actions.play },
      { keys: ["j"], label: "slower, back", run: () => this.shuttle(-1), repeat: true },
      { keys: ["l"], label: "play, faster", run: () => this.shuttle(1) },
      { keys: [",", "ArrowLeft"], label: "one frame back", run: actions["frame-back"], repeat: true },
      { keys: [".", "ArrowRight"], label: "one frame on", run: actions["frame-on"], repeat: true },
      { keys: ["Shift+ArrowLeft"], label: "one second back", run: actions["back-1"], repeat: true },
      { keys: ["Shift+ArrowRight"], label: "one second on", run: actions["on-1"], repeat: true },
      { keys: ["Ctrl+ArrowLeft"], label: "ten seconds back", run: actions["back-10"], repeat: true },
      { keys: ["Ctrl+ArrowRight"], label: "ten seconds on", run: actions["on-10"], repeat: true },
      { keys: ["Alt+ArrowLeft"], label: "previous segment", run: () => this.jumpSegment(-1), repeat: true },
      { keys: ["Alt+ArrowRight"], label: "next segment", run: () => this.jumpSegment(1), repeat: true },
      { keys: ["ArrowUp"], label: "previous edge of a clip or gap", run: () => this.jump(-1) },
      { keys: ["ArrowDown"], label: "next edge of a clip or gap", run: () => this.jump(1) },
      { keys: ["Home"], label: "first frame", run: () => this.seek(this.recording.start) },
      { keys: ["End"], label: "last frame", run: () => this.seek(this.recording.end) },
      { keys: ["Shift+End"], label: "live, while it is recorded", run: actions.live },
      ...(this.marks ? editing : []),
      { keys: ["+", "="], label: "zoom in", run: actions["zoom-in"], repeat: true },
      { keys: ["-"], label: "zoom out", run: actions["zoom-out"], repeat: true },
      { keys: ["z"], label: "whole recording", run: actions.fit },
      { keys: ["Shift+m"], label: "sound on, off", run: actions.mute },
      { keys: ["?"], label: "this help", run: actions.help },
    ];
  }

  #follow(goal) {
    const { of, seek } = goal.dataset;
    if (of && of !== this.root.dataset.recording) location.href = `/recordings/${of}/#${seek}`;
    else this.seek(fromISO(seek));
  }

  #tick() {
    const instant = this.player.instant;
    if (this.until && instant >= this.until) {
      this.video.pause();
      this.until = null;
    }
    if (instant !== this.shown) this.#show(instant);
    requestAnimationFrame(() => this.#tick());
  }

  /* The clock tells when the picture shown begins, as far as the index of its segment has been asked for. */
  #show(instant) {
    this.shown = instant;
    const frames = this.frames.peek(instant + ROUNDING);
    const begins = frames?.findLast((each) => each <= instant + ROUNDING) ?? instant;
    $("clock").textContent = full(begins);
    this.timeline.frames = frames ?? null;
    this.timeline.follow(begins, !this.video.paused);
    if (this.live) $("behind").textContent = `${sayDuration(this.recording.end - begins)} behind`;
    if (!frames && this.video.paused) this.frames.around(instant + ROUNDING).then((found) => found && (this.shown = undefined));
  }

  #drawn() {
    this.marks?.place();
    $("span").textContent = `${sayDuration(this.timeline.span)} shown`;
  }

  #showPlaying() {
    for (const button of this.#buttons("play")) button.textContent = this.video.paused ? "Play" : "Pause";
  }

  #listGaps(gaps, clock) {
    const details = $("gaps");
    const steps = clock.map(([from, to]) => [from, to, `the clock was set ${to < from ? "back" : "forward"}, or had drifted so far; nothing is missing`]);
    const all = [...gaps, ...steps].sort(([one], [other]) => one - other);
    details.hidden = !all.length;
    const pauses = gaps.filter(([, , , intended]) => intended).length;
    const said = [counted(gaps.length - pauses, "gap"), counted(pauses, "pause"), counted(clock.length, "clock change")].filter(Boolean);
    details.querySelector("summary").textContent = `${said.join(", ")} in this recording`;
    details.querySelector("ul").replaceChildren(...all.slice(0, 500).map((each) => this.#gapRow(each)));
  }

  #gapRow([start, end, reason]) {
    const row = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "ghost", textContent: full(start) });
    button.addEventListener("click", () => this.seek(start - 40));
    row.append(button, ` ${sayDuration(Math.abs(end - start))}, ${reason}`);
    return row;
  }

  #notice(text) {
    const place = $("player-notice");
    place.textContent = text;
    place.hidden = false;
  }
}

function counted(number, word) {
  return number ? `${number} ${word}${number === 1 ? "" : "s"}` : "";
}

/* What was known, with its end replaced by what is known now. */
function grown(known, found) {
  const before = known.covered.filter(([start]) => start < found.start).map(([start, end]) => [start, Math.min(end, found.start)]);
  const [last, first] = [before.at(-1), found.covered[0]];
  const joins = last && first && first[0] - last[1] < 1;
  return {
    ...found,
    covered: joins ? [...before.slice(0, -1), [last[0], first[1]], ...found.covered.slice(1)] : [...before, ...found.covered],
    gaps: [...known.gaps.filter(([, end]) => end <= found.start), ...found.gaps],
    clock: [...known.clock.filter(([from]) => from <= found.start), ...found.clock],
    segments: [...known.segments.filter((each) => each < found.start), ...found.segments],
  };
}

const root = document.getElementById("editor");
if (root) {
  const editor = new Editor(root);
  const asked = fromISO(decodeURIComponent(location.hash.slice(1)));
  editor.seek(Number.isNaN(asked) ? editor.recording.start : asked);
  root.editor = editor;
}
