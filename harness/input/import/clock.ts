/** Times of a recording in microseconds since its first line. They never decrease. */

/** Seconds above this value count from 1970. */
const ABSOLUTE = 1e8;

export class Clock {
  #first = NaN;
  #whole = 0;
  #now = 0;

  /** Microseconds since the first line. */
  get now(): number {
    return this.#now;
  }

  /** Takes a time as written in the line; returns whether it precedes the last one. Relative times are summed. */
  set(text: string): boolean {
    const [seconds, fraction = ''] = text.replace('-', '').split('.');
    const whole = seconds.includes(':') ? ofDay(seconds) : Number(seconds);
    if (Number.isNaN(this.#first)) {
      this.#first = Number(fraction.padEnd(6, '0').slice(0, 6));
      this.#whole = whole;
    }
    const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
    const since = (whole - this.#whole) * 1e6 + micros - this.#first;
    const absolute = this.#whole > ABSOLUTE || seconds.includes(':');
    if (!absolute && (since < this.#now || text.startsWith('-'))) {
      this.#now += text.startsWith('-') ? 0 : whole * 1e6 + micros;
      return false;
    }
    const back = since < this.#now;
    if (!back) this.#now = since;
    return back;
  }

  /** Advances the time for a recording without times: line order is the time. */
  tick(): void {
    this.#now++;
  }
}

const ofDay = (text: string): number => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
