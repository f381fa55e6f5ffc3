/* The frames of a recording as its index has them, so that marks and steps are exact whatever the frame rate does.
   Instants in ms since 1970, exact to the microsecond. */

const KEPT = 64;

export class Frames {
  constructor(address) {
    this.address = address;
    this.known = []; // lists of instants, one per segment: its frames and then its end; the newest first
  }

  /* The frames of the segment that is on at an instant, last its end; null in a hole. */
  async around(instant) {
    return this.peek(instant) ?? (await this.#fetch(instant));
  }

  /* The same where it is known already. */
  peek(instant) {
    return this.known.find((list) => list[0] <= instant && instant < list.at(-1));
  }

  async #fetch(instant) {
    const answer = await fetch(`${this.address}?at=${Math.floor(instant * 1000)}`);
    if (!answer.ok) return null;
    const list = (await answer.json()).frames.map((each) => each / 1000);
    if (!list.length) return null;
    this.known = [list, ...this.known].slice(0, KEPT);
    return list;
  }

  /* The frame on the screen at an instant, {start, end}; null in a hole. */
  async at(instant) {
    const list = await this.around(instant);
    if (!list) return null;
    const position = indexAt(list, instant);
    return { start: list[position], end: list[position + 1] };
  }

  /* The frame `count` frames on (back, where negative) from the one at `instant`; null where a hole begins. */
  async step(instant, count) {
    const list = await this.around(instant);
    if (!list) return null;
    const position = indexAt(list, instant) + count;
    if (position >= 0 && position < list.length - 1) return { start: list[position], end: list[position + 1] };
    return this.at(position < 0 ? list[0] - 0.5 : list.at(-1));
  }
}

function indexAt(list, instant) {
  const after = list.findIndex((each) => each > instant);
  return Math.max((after < 0 ? list.length - 1 : after) - 1, 0);
}
