// Moves the time of day of the process into which it is loaded (node --import), and of its threads: by as many
// milliseconds as stand in the file that TORTURE_CLOCK names. What counts time without a clock on the wall stays.
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
    // Nobody has moved it yet.
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
