// A recording in a <video>, addressed by wall-clock time (ms since 1970). hls.js carries the dates of the segments.
export class Player {
  constructor(video, playlist, said) {
    this.video = video;
    this.said = said;
    this.lag = 0;
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
      this.said("The recording cannot be played here: " + data.details + ". Reload the page; marking by typed times works all the same.");
    });
    // Pictures lie later in the buffer than their dates say when they are reordered (hls.js counts from the lowest
    // decoding time). What the first fragment shows is measured, not assumed.
    this.hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
      const start = frag.elementaryStreams?.video?.startPTS;
      if (start !== undefined) this.lag = Math.max(0, start - frag.start) * 1000;
    });
    this.hls.loadSource(playlist);
    this.hls.attachMedia(this.video);
  }

  #watch() {
    if (!this.video.requestVideoFrameCallback) return;
    const seen = (_, frame) => {
      this.shown = frame.mediaTime;
      this.video.requestVideoFrameCallback(seen);
    };
    this.video.requestVideoFrameCallback(seen);
  }

  get fragments() {
    const level = this.hls?.levels?.[Math.max(this.hls.currentLevel, 0)];
    return level?.details?.fragments ?? [];
  }

  // The instant of the picture on the screen.
  get time() {
    const media = this.video.paused && this.shown !== undefined && !this.video.seeking ? this.shown : this.video.currentTime;
    return this.#instant(media);
  }

  #instant(media) {
    const fragments = this.fragments;
    const found = fragments.findLast((each) => each.start <= media + 0.001) ?? fragments[0];
    if (!found) return null;
    return found.programDateTime + (media - found.start) * 1000 - this.lag;
  }

  seek(time) {
    const fragments = this.fragments;
    if (!fragments.length) return;
    const found = fragments.findLast((each) => each.programDateTime <= time + 0.5) ?? fragments[0];
    const inside = Math.min(Math.max((time - found.programDateTime) / 1000, 0), found.duration - 0.001);
    // A millisecond into the frame, so that rounding never shows the one before.
    this.video.currentTime = found.start + inside + this.lag / 1000 + 0.001;
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }
}
