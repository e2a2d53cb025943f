// Converts a Java trace that Sentry wrote in the form of Python (the frames from the outermost to the innermost, the
// exception last) into the trace as Java prints it. Pure functions.

/** Frame such as `File "Task.java", line 575, in org.apache.flink.runtime.taskmanager.Task.run`. */
const FRAME = /^[ \t]*File "([\w$-]+\.(?:java|scala|kt))"(?:, line (\d+))?, in ([\w$.<>/-]+)[ \t]*$/;
const ANY_FRAME = new RegExp(FRAME, 'm');
const HEADER = 'Traceback (most recent call last):';
const EXCEPTION = /^[ \t]*(?:[\w$]+\.)+[A-Z][\w$]*(?::|$)/;

import { appendAll } from '../../core/sequence.js';
export function mayBeSentry(start: string): boolean {
  return ANY_FRAME.test(start);
}

export function cleanSentry(text: string): string {
  const lines: string[] = [];
  let frames: string[] = [];
  const give = (): void => {
    appendAll(lines, frames);
    frames = [];
  };
  for (const [index, line] of text.split('\n').entries()) {
    const frame = FRAME.exec(line);
    if (frame !== null) {
      const [, file = '', number, method = ''] = frame;
      if (index > 0 && lines.at(-1)?.trim() === HEADER) lines.pop();
      frames.unshift(`\tat ${method}(${file}${number === undefined ? '' : `:${number}`})`);
    } else if (frames.length > 0 && EXCEPTION.test(line)) {
      lines.push(line.trim());
      give();
    } else {
      give();
      lines.push(line);
    }
  }
  give();
  return lines.join('\n');
}
