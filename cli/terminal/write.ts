// The way of every text of a command to its two streams: what commands a terminal is shown instead of obeyed.
// Text that lives on (a progress bar) is its own writer's.
import { showText } from '../../core/text/terminal.js';
import type { Terminal } from '../command.js';

/** Waits when the reader is slower than we are. */
export async function write(terminal: Pick<Terminal, 'stdout'>, text: string): Promise<void> {
  if (!terminal.stdout.write(showText(text)))
    await new Promise<void>((resolve) => terminal.stdout.once('drain', () => resolve()));
}

/** Notes and errors are few: nothing waits for them. */
export function writeNote(terminal: Pick<Terminal, 'stderr'>, text: string): void {
  terminal.stderr.write(showText(text));
}
