/* A recording in a <video>, addressed by instants (ms since 1970). Long recordings are opened an hour at a time. */

const WINDOW = 3_600_000;
const WHOLE_UP_TO = 2 * WINDOW;
const WITHIN_THE_LAST_PICTURE = 5;
const AHEAD = 0.5; // ms that a seek goes past its goal, so that no rounding shows the picture before

export class Player {
  /* `recording`: {playlist, start, end}; once they are known also `covered`, ranges, and `starts`, exact instants of
     segments by their milliseconds. */
  constructor(video, recording, say) {
    this.video = video;
    this.recording = recording;
    this.say = say;
    this.target = null;
    this.#watch();
    if (window.Hls?.isSupported()) this.#open(recording.start);
    else this.#native();
  }

  /* The instant of the picture on the screen; while one is looked for, of that one. */
  get instant() {
    if (this.target !== null) return this.target;
    const instant = this.shown === undefined ? this.#instantOf(this.video.currentTime) - AHEAD : this.#instantOf(this.shown);
    return Number.isFinite(instant) ? instant : this.recording.start;
  }

  seek(instant) {
    const { start, end } = this.recording;
    const wanted = Math.min(Math.max(instant, start), end - WITHIN_THE_LAST_PICTURE);
    this.target = wanted;
    if (this.hls && !(this.from <= wanted && wanted < this.to)) return this.#open(wanted);
    this.#place();
  }

  /* The recording has a new end. What was opened whole is opened by the hour once it is long. */
  grew() {
    if (this.hls && this.to === Infinity && this.recording.end - this.from > 2 * WHOLE_UP_TO) this.#open(this.instant);
  }

  toggle() {
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  play() {
    this.video.play().catch((error) => error.name === "AbortError" || this.say("The browser would not play. Press play again."));
  }

  #open(instant, playing = !this.video.paused) {
    const { playlist, start, end } = this.recording;
    const whole = end - start <= WHOLE_UP_TO;
    this.from = whole ? start : Math.max(Math.min(instant - WINDOW / 3, end - WINDOW), start);
    this.to = whole ? Infinity : this.from + WINDOW;
    this.target = instant;
    this.shown = undefined;
    this.firsts = new Map(); // fragment → media time of its first picture
    this.hls?.destroy();
    this.hls = new Hls({ backBufferLength: 60, maxBufferLength: 30, startPosition: (instant - this.from) / 1000 });
    this.#listen(playing);
    const part = whole ? "" : `&start=${Math.floor(this.from * 1000)}&end=${Math.ceil(this.to * 1000)}`;
    this.hls.loadSource(playlist + part);
    this.hls.attachMedia(this.video);
  }

  #listen(playing) {
    const { Events } = Hls;
    this.hls.on(Events.LEVEL_LOADED, () => {
      if (this.target !== null) this.#place();
      if (playing) this.play();
      playing = false; // a recording that grows is loaded again and again
    });
    this.hls.on(Events.FRAG_BUFFERED, (_, { frag }) => this.#measure(frag));
    this.hls.on(Events.ERROR, (_, data) => this.#fault(data));
  }

  /* A fragment's start is where its sound begins, and pictures that were reordered come late in it. When it has come
     the time of its first picture is known, and the date of the fragment is the instant of just that picture. */
  #measure(frag) {
    const first = (frag.elementaryStreams?.video ?? frag.elementaryStreams?.audio)?.startPTS;
    if (first === undefined) return;
    this.firsts.set(frag.sn, first);
    if (this.target !== null && frag.sn === this.#fragmentAt(this.target)?.sn) this.#go(this.#mediaOf(frag));
  }

  #fault(data) {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
      this.recovered = true;
      return this.hls.recoverMediaError();
    }
    const expired = data.response?.code === 403;
    this.say(
      expired
        ? "The address of this recording has expired. Reload the page."
        : `The recording cannot be played (${data.details}). Reload the page; typed times work all the same.`,
    );
  }

  get #fragments() {
    return this.hls?.levels?.[Math.max(this.hls.currentLevel, 0)]?.details?.fragments ?? [];
  }

  #fragmentAt(instant) {
    const fragments = this.#fragments;
    const found = fragments.findLast((each) => this.#dateOf(each) <= instant) ?? fragments[0];
    // In a hole what comes after it is shown. (A fragment's duration would not tell: hls.js counts it by its sound.)
    return found && this.#isMissing(instant) ? (fragments[fragments.indexOf(found) + 1] ?? found) : found;
  }

  /* The instant of a fragment's first picture. hls.js knows it to the millisecond, the timeline to the microsecond. */
  #dateOf(frag) {
    return this.recording.starts?.get(frag.programDateTime) ?? frag.programDateTime;
  }

  #isMissing(instant) {
    const { covered } = this.recording;
    return Boolean(covered) && !covered.some(([start, end]) => start <= instant && instant < end);
  }

  /* The instant at which the media clock of a fragment would be zero. */
  #origin(frag) {
    const first = this.firsts.get(frag.sn) ?? this.#neighbour(frag);
    return this.#dateOf(frag) - (first ?? frag.start) * 1000;
  }

  /* Fragments of one clock lie as far apart as their dates say. */
  #neighbour(frag) {
    const known = this.#fragments.find((each) => each.cc === frag.cc && this.firsts.has(each.sn));
    return known && this.firsts.get(known.sn) + (this.#dateOf(frag) - this.#dateOf(known)) / 1000;
  }

  #instantOf(media) {
    if (!this.hls) return this.#instantInCoverage(media);
    const fragments = this.#fragments;
    const frag = fragments.findLast((each) => (this.firsts.get(each.sn) ?? each.start) <= media + 0.0001) ?? fragments[0];
    return frag ? this.#origin(frag) + media * 1000 : null;
  }

  /* Put the picture of `target` on the screen. What has not come yet is fetched by going to the middle of its fragment:
     near an edge hls.js would fetch the neighbour instead, whose sound begins before its first picture. */
  #place() {
    if (!this.hls) return this.#go(this.#mediaInCoverage(this.target));
    const frag = this.#fragmentAt(this.target);
    if (!frag) return;
    const media = this.#mediaOf(frag);
    this.#go(this.#isBuffered(media) ? media : frag.start + frag.duration / 2);
  }

  #mediaOf(frag) {
    return (Math.max(this.target, this.#dateOf(frag)) - this.#origin(frag) + AHEAD) / 1000;
  }

  #go(media) {
    if (this.#isAt(media) && this.shown !== undefined) this.target = null;
    else this.video.currentTime = media;
  }

  #isAt(media) {
    return Math.abs(this.video.currentTime - media) < 0.0004;
  }

  #isBuffered(media) {
    const { buffered } = this.video;
    return Array.from({ length: buffered.length }, (_, at) => at).some((at) => buffered.start(at) <= media && media < buffered.end(at));
  }

  /* A seek has ended: at `target`, or in the middle of its fragment, from where it is a small step. */
  #arrived() {
    if (this.target === null) return;
    const frag = this.#fragmentAt(this.target);
    if (!this.hls) this.target = null;
    else if (frag && this.firsts.has(frag.sn)) {
      const media = this.#mediaOf(frag);
      if (this.#isAt(media)) this.target = null;
      else this.video.currentTime = media;
    }
  }

  #watch() {
    const { video } = this;
    video.addEventListener("seeked", () => this.#arrived());
    video.addEventListener("ended", () => this.hls && this.to < this.recording.end && this.#open(this.to, true));
    if (!video.requestVideoFrameCallback) return;
    const seen = (_, frame) => {
      this.shown = frame.mediaTime;
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
    video.addEventListener("seeking", () => (this.shown = undefined));
  }

  /* Where the browser plays HLS itself nothing tells the dates: covered ranges follow each other without holes. */
  #native() {
    this.video.src = this.recording.playlist;
  }

  #instantInCoverage(media) {
    let before = 0;
    for (const [start, end] of this.recording.covered ?? []) {
      if (media < before + (end - start) / 1000) return start + (media - before) * 1000;
      before += (end - start) / 1000;
    }
    return null;
  }

  #mediaInCoverage(instant) {
    let before = 0;
    for (const [start, end] of this.recording.covered ?? []) {
      if (instant < end) return before + Math.max(instant - start, 0) / 1000 + 0.001;
      before += (end - start) / 1000;
    }
    return before;
  }
}
