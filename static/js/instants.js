/* Instants and durations as people read and type them. An instant is a number of milliseconds since 1970 (with
   decimals where microseconds matter); a zone is "utc" or "local", the browser's own. */

export const SECOND = 1000;
export const DAY = 86_400_000;

const pad = (number, length = 2) => String(number).padStart(length, "0");

/* The parts of an instant in a zone; `offset` in minutes east of UTC. Milliseconds are cut off, never rounded up:
   the text of an instant must not name a later frame. */
function partsOf(instant, zone) {
  const date = new Date(Math.floor(instant + 1e-4));
  const offset = zone === "utc" ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60_000);
  return {
    day: `${shifted.getUTCFullYear()}-${pad(shifted.getUTCMonth() + 1)}-${pad(shifted.getUTCDate())}`,
    time: `${pad(shifted.getUTCHours())}:${pad(shifted.getUTCMinutes())}:${pad(shifted.getUTCSeconds())}`,
    milliseconds: pad(shifted.getUTCMilliseconds(), 3),
    offset,
  };
}

export function formatOffset(offset) {
  const minutes = Math.abs(offset);
  return `${offset < 0 ? "−" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

export function zoneName(instant, zone) {
  return zone === "utc" ? "UTC" : formatOffset(partsOf(instant, zone).offset);
}

/* "2026-11-20 10:00:00.250 UTC"; `digits` 0 leaves the milliseconds out. */
export function formatInstant(instant, zone, digits = 3) {
  const { day, time, milliseconds } = partsOf(instant, zone);
  return `${day} ${time}${digits ? "." + milliseconds : ""} ${zoneName(instant, zone)}`;
}

export function formatTime(instant, zone, digits = 3) {
  const { time, milliseconds } = partsOf(instant, zone);
  return time + (digits ? "." + milliseconds : "");
}

export function formatDay(instant, zone) {
  return partsOf(instant, zone).day;
}

/* Midnight at or before an instant, in the zone. */
export function dayStart(instant, zone) {
  const { offset } = partsOf(instant, zone);
  return Math.floor((instant + offset * 60_000) / DAY) * DAY - offset * 60_000;
}

/* ISO-8601 in UTC for the server, to the microsecond where there are any. */
export function toISO(instant) {
  const micros = Math.round(instant * 1000);
  const rest = micros % 1_000_000;
  const whole = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19);
  return rest % 1000 === 0 ? `${whole}.${pad(rest / 1000, 3)}Z` : `${whole}.${pad(rest, 6)}Z`;
}

/* The instant of an ISO-8601 text with an offset, NaN for anything else. Date.parse drops the microseconds. */
export function fromISO(text) {
  const match = /^(.*T\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/.exec(text);
  if (!match) return NaN;
  return Date.parse(match[1] + match[3]) + Number(`0.${match[2] ?? 0}`) * SECOND;
}

export function formatDuration(milliseconds, digits = 3) {
  const total = Math.round(Math.abs(milliseconds));
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = pad(Math.floor(total / SECOND) % 60) + (digits ? "." + pad(total % SECOND, 3) : "");
  const sign = milliseconds < 0 ? "−" : "";
  return sign + (hours ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`);
}

/* "12.4 s", "3 min 20 s", "2 h 5 min": for labels and for ears. */
export function sayDuration(milliseconds) {
  const seconds = milliseconds / SECOND;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const OFFSET = /^([+-])\s*(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)(?:\s*s)?$/;
const TIME = /^(?:(\d{4}-\d{2}-\d{2})[T\s]+)?(\d{1,2})(?::?(\d{2}))(?::?(\d{2})(?:\.(\d{1,6}))?)?\s*(z|utc|[+-]\d{2}:?\d{2})?$/i;

/* What somebody typed, as an instant; null where it cannot be understood.
   - +30, −1:00, +1:02:03.5: from `base`
   - 10:30:00.250, 10:30, 103000: on the day of `near` in `zone`; of the days around it the one that lies in
     [`first`, `last`], so that a recording may run past midnight
   - 2026-11-20 10:30:00 (in `zone`), and full ISO-8601 with its own offset */
export function parseTyped(text, { zone, near, base = near, first = -Infinity, last = Infinity }) {
  const typed = text.trim().replace(/[−–]/g, "-").replace(",", ".");
  const relative = OFFSET.exec(typed);
  if (relative) return base + lengthOf(relative) * (relative[1] === "-" ? -1 : 1);
  const match = TIME.exec(typed);
  if (!match) return null;
  const [, day, hours, minutes, seconds = "0", fraction = "0", offset] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const clock = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds) + Number(`0.${fraction}`)) * SECOND;
  if (day) return onDay(day, clock, offset ?? (zone === "utc" ? "Z" : null));
  const candidates = [0, 1, -1].map((shift) => onDay(dayShifted(near, zone, shift, offset), clock, offset ?? (zone === "utc" ? "Z" : null)));
  return candidates.find((instant) => instant >= first && instant <= last) ?? candidates[0];
}

function lengthOf([, , hours = "0", minutes = "0", seconds]) {
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * SECOND;
}

function dayShifted(near, zone, days, offset) {
  return formatDay(near + days * DAY, offset ? "utc" : zone);
}

function onDay(day, clock, offset) {
  const written = offset && !/^(z|utc)$/i.test(offset) ? offset.replace(/^([+-]\d{2}):?(\d{2})$/, "$1:$2") : offset && "Z";
  const instant = Date.parse(`${day}T${formatTime(clock, "utc")}${written ?? ""}`);
  return Number.isNaN(instant) ? null : instant + (clock % 1);
}
