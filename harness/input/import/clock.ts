/** Times of a recording in microseconds since its first line. They never decrease. */

/** Seconds above this value count from 1970. */
const ABSOLUTE = 1e8;
const DAY = 86_400e6;

/** Does the text count from 1970, and not from the last line or from midnight? */
export const isAbsolute = (text: string): boolean => Number(text) > ABSOLUTE;

export class Clock {
  #first = NaN;
  #whole = 0;
  #now = 0;

  /** Microseconds since the first line. */
  get now(): number {
    return this.#now;
  }

  /**
   * Takes a time as written in the line; returns whether it precedes the last one. Relative times are summed; a time of
   * day that is half a day back is the next day's.
   */
  set(text: string): boolean {
    const [seconds, fraction = ''] = text.replace('-', '').split('.');
    const whole = seconds.includes(':') ? ofDay(seconds) : Number(seconds);
    if (Number.isNaN(this.#first)) {
      this.#first = Number(fraction.padEnd(6, '0').slice(0, 6));
      this.#whole = whole;
    }
    const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
    const ofClock = seconds.includes(':');
    let since = (whole - this.#whole) * 1e6 + micros - this.#first;
    if (ofClock) since += Math.max(0, Math.ceil((this.#now - DAY / 2 - since) / DAY)) * DAY;
    const absolute = this.#whole > ABSOLUTE || ofClock;
    if (!absolute && (since < this.#now || text.startsWith('-'))) {
      this.#now += text.startsWith('-') ? 0 : whole * 1e6 + micros;
      return false;
    }
    const back = since < this.#now;
    if (!back) this.#now = since;
    return back;
  }

  /** Takes the time since the last line, in seconds. */
  advance(text: string): void {
    const [seconds, fraction = ''] = text.split('.');
    this.#now += Number(seconds) * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6));
  }

  /** Advances the time for a recording without times: line order is the time. */
  tick(): void {
    this.#now++;
  }
}

const ofDay = (text: string): number => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
