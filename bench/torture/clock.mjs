// Moves the time of day of the process into which it is loaded (node --import), and of its threads, by the number of
// milliseconds in the file that TORTURE_CLOCK names. Monotonic clocks stay unchanged.
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const LOOK_MS = 200;
const path = process.env.TORTURE_CLOCK ?? '';
const RealDate = Date;
let offsetMs = 0;

function look() {
  try {
    offsetMs = Number(readFileSync(path, 'utf8'));
  } catch {
    // The clock was not moved yet.
  }
}

look();
setInterval(look, LOOK_MS).unref();

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offsetMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};
