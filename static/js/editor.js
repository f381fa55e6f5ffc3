// The editing page: player, timeline and marks held together. All keys have a button; all drags have a field.
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";
import { full, length } from "./times.js";

const $ = (id) => document.getElementById(id);
const root = $("editor");

class Editor {
  constructor(data) {
    this.data = data;
    this.recording = Number(root.dataset.recording);
    this.video = $("video");
    this.player = new Player(this.video, data.playlist, (text) => this.#notice(text));
    this.timeline = new Timeline($("ruler"), data, () => this.#placeHandles());
    this.timeline.onseek = (time) => this.seek(time);
    this.marks = { in: $("mark-in"), out: $("mark-out") };
    this.keysOn = localStorage.getItem("keys") !== "off";
    this.#listen();
    this.#clips();
    this.#tick();
  }

  seek(time) {
    const { start, end } = this.data;
    const at = Math.min(Math.max(time, start), end - 1);
    this.player.seek(at);
    this.timeline.follow(at, false);
    this.wanted = at;
  }

  #tick() {
    const time = this.player.time;
    if (time !== null && !this.video.seeking) {
      $("clock").textContent = full(Math.round(time));
      this.timeline.follow(time, !this.video.paused);
      if (this.until && time >= this.until) {
        this.video.pause();
        this.until = null;
      }
    }
    root.querySelector('[data-do="play"]').textContent = this.video.paused ? "Play" : "Pause";
    requestAnimationFrame(() => this.#tick());
  }

  now() {
    return this.player.time ?? this.wanted ?? this.data.start;
  }

  // The frame on the screen, exact to the microsecond as the index has it.
  async frame(time) {
    const answer = await fetch(`${root.dataset.frame}?at=${Math.round(time * 1000)}`);
    return answer.ok ? answer.json() : null;
  }

  async mark(which) {
    const field = this.marks[which];
    if (!field) return;
    const frame = await this.frame(this.now() + 2);
    field.value = frame ? (which === "in" ? frame.start : frame.end) : new Date(this.now()).toISOString();
    this.#marksChanged();
  }

  async step(frames) {
    this.video.pause();
    const frame = await this.frame(this.now() + 2);
    if (!frame) return this.seek(this.now() + frames * 40);
    const target = frames > 0 ? Date.parse(frame.end) : Date.parse(frame.start) - (Date.parse(frame.end) - Date.parse(frame.start));
    this.seek(target + 2);
  }

  playClip() {
    const { in: from, out: to } = this.timeline;
    if (from === null) return;
    this.seek(from + 1);
    this.until = to;
    this.video.play().catch(() => {});
  }

  #marksChanged() {
    for (const which of ["in", "out"]) {
      const time = Date.parse(this.marks[which]?.value ?? "");
      this.timeline[which] = Number.isNaN(time) ? null : time;
    }
    const { in: from, out: to } = this.timeline;
    const said = $("mark-length");
    if (said) said.textContent = from !== null && to !== null ? (to > from ? length(to - from) : "ends before it begins") : "";
    this.timeline.draw();
  }

  #placeHandles() {
    for (const which of ["in", "out"]) {
      const handle = $(`handle-${which}`);
      const time = this.timeline?.[which];
      handle.hidden = time === null || time === undefined || !this.marks?.[which];
      if (handle.hidden) continue;
      const x = this.timeline.x(time);
      handle.hidden = x < 0 || x > this.timeline.canvas.clientWidth;
      handle.style.setProperty("left", `${x}px`);
      handle.setAttribute("aria-valuemin", String(Math.round(this.data.start)));
      handle.setAttribute("aria-valuemax", String(Math.round(this.data.end)));
      handle.setAttribute("aria-valuenow", String(Math.round(time)));
      handle.setAttribute("aria-valuetext", full(Math.round(time)));
    }
  }

  #handle(which) {
    const handle = $(`handle-${which}`);
    let dragging = false;
    const move = (time) => {
      this.marks[which].value = new Date(Math.round(time)).toISOString();
      this.#marksChanged();
    };
    handle.addEventListener("pointerdown", (event) => {
      dragging = true;
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (dragging) move(this.timeline.time(event.clientX - this.timeline.canvas.getBoundingClientRect().left));
    });
    handle.addEventListener("pointerup", () => {
      dragging = false;
      this.seek(this.timeline[which]);
    });
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      move(this.timeline[which] + by * (event.shiftKey ? 1000 : 40));
    });
  }

  #listen() {
    const { timeline, video } = this;
    this.actions = {
      play: () => this.player.toggle(),
      back10: () => this.seek(this.now() - 10000),
      back1: () => this.seek(this.now() - 1000),
      on1: () => this.seek(this.now() + 1000),
      on10: () => this.seek(this.now() + 10000),
      "frame-back": () => this.step(-1),
      "frame-on": () => this.step(1),
      "set-in": () => this.mark("in"),
      "set-out": () => this.mark("out"),
      "play-clip": () => this.playClip(),
      "zoom-in": () => timeline.zoom(0.5),
      "zoom-out": () => timeline.zoom(2),
      fit: () => timeline.fit(),
      mute: () => this.#mute(),
      help: () => $("keys").showModal(),
    };
    document.addEventListener("click", (event) => {
      const action = event.target.closest("[data-do]");
      if (action) this.actions[action.dataset.do]();
      const goal = event.target.closest("[data-seek]");
      if (goal) this.#goTo(goal);
    });
    $("speed").addEventListener("change", (event) => (video.playbackRate = Number(event.target.value)));
    $("keys-on").checked = this.keysOn;
    $("keys-on").addEventListener("change", (event) => {
      this.keysOn = event.target.checked;
      localStorage.setItem("keys", this.keysOn ? "on" : "off");
    });
    document.addEventListener("keydown", (event) => this.#key(event));
    for (const which of ["in", "out"]) {
      if (!this.marks[which]) continue;
      this.marks[which].addEventListener("input", () => this.#marksChanged());
      this.#handle(which);
    }
    for (const name of ["zone-changed", "theme-changed"]) document.addEventListener(name, () => timeline.draw());
    document.body.addEventListener("clips-changed", () => this.#clips());
    document.body.addEventListener("htmx:afterSettle", () => this.#clips());
  }

  #goTo(goal) {
    const of = goal.dataset.of;
    if (of && Number(of) !== this.recording) location.href = `/recordings/${of}/`;
    else this.seek(Date.parse(goal.dataset.seek) + 1);
  }

  #mute() {
    this.video.muted = !this.video.muted;
    root.querySelector('[data-do="mute"]').setAttribute("aria-pressed", String(this.video.muted));
  }

  #key(event) {
    if (!this.keysOn || event.altKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const onButton = event.target.closest("button, a, summary");
    if (onButton && [" ", "Enter"].includes(event.key)) return;
    const action = this.#actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  }

  #actionOf(event) {
    const { actions, timeline } = this;
    const { key, shiftKey: shift, ctrlKey: ctrl } = event;
    const far = ctrl ? 10000 : 1000;
    if (key === "ArrowLeft") return shift || ctrl ? () => this.seek(this.now() - far) : actions["frame-back"];
    if (key === "ArrowRight") return shift || ctrl ? () => this.seek(this.now() + far) : actions["frame-on"];
    if (ctrl) return null;
    const plain = {
      " ": actions.play, k: actions.play, j: () => this.#shuttle(-1), l: () => this.#shuttle(1),
      ",": actions["frame-back"], ".": actions["frame-on"],
      i: shift ? () => this.seek((timeline.in ?? this.now()) + 1) : actions["set-in"],
      o: shift ? () => this.seek((timeline.out ?? this.now()) - 1) : actions["set-out"],
      "[": actions["set-in"], "]": actions["set-out"], p: actions["play-clip"],
      "+": actions["zoom-in"], "=": actions["zoom-in"], "-": actions["zoom-out"], z: actions.fit,
      Home: () => this.seek(this.data.start), End: () => this.seek(this.data.end),
      Enter: () => $("marks")?.requestSubmit(), "?": actions.help, m: shift ? actions.mute : null,
    };
    return plain[key.length === 1 ? key.toLowerCase() : key];
  }

  // J and L: a <video> cannot run backwards, so J slows down and then jumps back a second at a time.
  #shuttle(direction) {
    const speeds = [0.25, 0.5, 1, 2, 4];
    if (direction < 0 && (this.video.paused || this.video.playbackRate <= 0.25)) return this.seek(this.now() - 1000);
    if (this.video.paused) return this.player.toggle();
    const at = speeds.indexOf(this.video.playbackRate);
    this.video.playbackRate = speeds[Math.min(Math.max((at < 0 ? 2 : at) + direction, 0), speeds.length - 1)];
    $("speed").value = String(this.video.playbackRate);
  }

  #clips() {
    const own = [...document.querySelectorAll(`#clips li[data-start][data-recording="${this.recording}"]`)];
    this.timeline.clips = own.map((item) => [Date.parse(item.dataset.start), Date.parse(item.dataset.end)]);
    this.timeline.achieved = [...document.querySelectorAll("[data-achieved]")].map((item) => [
      Date.parse(item.dataset.start),
      Date.parse(item.dataset.end),
    ]);
    this.timeline.draw();
    const list = document.querySelector("[data-sortable]");
    if (list && !list.sorted) {
      list.sorted = Sortable.create(list, {
        handle: ".grip",
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        onEnd: () => list.closest("form").dispatchEvent(new Event("arranged", { bubbles: true })),
      });
    }
  }

  #notice(text) {
    const place = $("player-notice");
    place.textContent = text;
    place.hidden = false;
  }
}

if (root) window.editor = new Editor(JSON.parse($("timeline-data").textContent));
