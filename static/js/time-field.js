/* <time-field name="start" near="…" base-of="other">: a text field for an instant, typed as one likes, in the zone
   that is shown. What is sent is ISO-8601 in UTC; what cannot be understood is sent as it is, and the server says so. */

import { formatTime, formatDay, formatInstant, fromISO, parseTyped, toISO, zoneName } from "./instants.js";
import { currentZone, serverNow } from "./times.js";

class TimeField extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    if (this.ready || !this.input) return;
    this.ready = true;
    this.sent = Object.assign(document.createElement("input"), { type: "hidden", name: this.input.name });
    this.sent.value = this.input.value;
    this.input.removeAttribute("name");
    this.after(this.sent);
    this.input.addEventListener("change", () => this.#typed());
    this.input.addEventListener("keydown", (event) => event.key === "Enter" && this.#typed());
    this.redraw = () => this.#show();
    document.addEventListener("zone-changed", this.redraw);
    this.#show();
  }

  disconnectedCallback() {
    document.removeEventListener("zone-changed", this.redraw);
  }

  /* The instant in it, NaN while there is none. */
  get instant() {
    return this.ready ? fromISO(this.sent.value) : NaN;
  }

  set instant(value) {
    this.sent.value = Number.isFinite(value) ? toISO(value) : "";
    this.#mark(true);
    this.#show();
  }

  get #near() {
    const given = fromISO(this.getAttribute("near") ?? "");
    return Number.isNaN(given) ? Date.now() : given;
  }

  get #base() {
    const other = document.getElementById(this.getAttribute("base-of") ?? "");
    return Number.isFinite(other?.instant) ? other.instant : Number.isNaN(this.instant) ? this.#near : this.instant;
  }

  #typed() {
    const text = this.input.value.trim();
    const [first, last] = ["first", "last"].map((name) => fromISO(this.getAttribute(name) ?? ""));
    const found = /^now$/i.test(text) ? Math.floor(serverNow()) : parseTyped(text, {
      zone: currentZone(),
      near: this.#near,
      base: this.#base,
      ...(Number.isNaN(first) ? {} : { first: first - 1000 }),
      ...(Number.isNaN(last) ? {} : { last: last + 1000 }),
    });
    this.sent.value = found === null ? text : toISO(found);
    this.#mark(found !== null || text === "");
    if (found !== null) this.#show();
    this.dispatchEvent(new CustomEvent("instantchange", { bubbles: true, detail: found }));
  }

  #mark(right) {
    this.input.toggleAttribute("aria-invalid", !right);
  }

  #show() {
    const instant = this.instant;
    if (Number.isNaN(instant)) {
      if (!this.sent.value) this.input.value = "";
      return;
    }
    const zone = currentZone();
    const day = formatDay(this.#near, zone) === formatDay(instant, zone) ? "" : `${formatDay(instant, zone)} `;
    this.input.value = day + formatTime(instant, zone);
    this.input.title = `${formatInstant(instant, zone)}\n${toISO(instant)}`;
    this.input.setAttribute("aria-description", zoneName(instant, zone));
  }
}

customElements.define("time-field", TimeField);
