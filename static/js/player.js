// A recording in a <video>, addressed by wall-clock time (ms since 1970). hls.js carries the dates of the segments.
export class Player {
  constructor(video, playlist, said) {
    this.video = video;
    this.said = said;
    // Per continuity counter: the instant at which the media clock would be zero. Pictures lie later in the buffer than
    // a fragment's start says (sound begins earlier, and reordered pictures come late), so that it is measured.
    this.origins = new Map();
    if (window.Hls?.isSupported()) this.#hls(playlist);
    else video.src = playlist;
    this.#watch();
  }

  #hls(playlist) {
    this.hls = new Hls({ backBufferLength: 60, maxBufferLength: 30, startPosition: 0 });
    this.hls.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
        this.recovered = true;
        return this.hls.recoverMediaError();
      }
      this.said(`The recording cannot be played here: ${data.details}. Reload the page; typed times work all the same.`);
    });
    this.hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => this.#measure(frag));
    this.hls.loadSource(playlist);
    this.hls.attachMedia(this.video);
  }

  #measure(frag) {
    const first = frag.elementaryStreams?.video?.startPTS;
    if (first === undefined || !frag.programDateTime) return;
    this.origins.set(frag.cc, frag.programDateTime - first * 1000);
    if (this.wanted !== undefined && this.#holds(frag, this.wanted)) this.seek(this.wanted);
  }

  #holds(frag, time) {
    return time >= frag.programDateTime && time < frag.programDateTime + frag.duration * 1000;
  }

  #watch() {
    if (!this.video.requestVideoFrameCallback) return;
    const seen = (_, frame) => {
      this.shown = frame.mediaTime;
      this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback(seen);
    this.video.addEventListener("play", () => (this.wanted = undefined));
  }

  get fragments() {
    const level = this.hls?.levels?.[Math.max(this.hls.currentLevel, 0)];
    return level?.details?.fragments ?? [];
  }

  // The instant of the picture on the screen; while it plays, of what comes next.
  get time() {
    const still = this.video.paused && this.shown !== undefined && !this.video.seeking;
    const media = still ? this.shown : this.video.currentTime;
    const frag = this.fragments.findLast((each) => each.start <= media + 0.001) ?? this.fragments[0];
    return frag ? this.#origin(frag) + media * 1000 : null;
  }

  #origin(frag) {
    return this.origins.get(frag.cc) ?? frag.programDateTime - frag.start * 1000;
  }

  seek(time) {
    const frag = this.fragments.findLast((each) => each.programDateTime <= time + 0.5) ?? this.fragments[0];
    if (!frag) return;
    // Until the fragment has come its clock is a guess: the wish is kept and made true when it is known.
    this.wanted = this.origins.has(frag.cc) ? undefined : time;
    const inside = Math.min(Math.max(time, frag.programDateTime), frag.programDateTime + frag.duration * 1000 - 1);
    // A millisecond into the frame, so that rounding never shows the one before.
    this.video.currentTime = (inside - this.#origin(frag)) / 1000 + 0.001;
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }
}
