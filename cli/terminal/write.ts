// Writes all texts of a command to its two output streams and makes terminal control characters visible. The progress
// bar writes its own text.
import { showText } from '../../core/text/terminal.js';
import type { Terminal } from '../command.js';

/** Writes to standard output, and waits if the reader is slow. */
export async function write(terminal: Pick<Terminal, 'stdout'>, text: string): Promise<void> {
  if (!terminal.stdout.write(showText(text)))
    await new Promise<void>((resolve) => terminal.stdout.once('drain', () => resolve()));
}

/** Writes a note or an error. It does not wait, because there are few of them. */
export function writeNote(terminal: Pick<Terminal, 'stderr'>, text: string): void {
  terminal.stderr.write(showText(text));
}
