// Loaded before a program: its wall clock is off by CLOCK_SKEW_MS milliseconds.
const skew = Number(process.env.CLOCK_SKEW_MS);
const now = Date.now;

class SkewedDate extends Date {
  constructor(...given) {
    if (given.length === 0) super(SkewedDate.now());
    else super(...given);
  }

  static now() {
    return now() + skew;
  }
}

globalThis.Date = SkewedDate;
