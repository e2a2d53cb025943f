// Renders a progress line on a terminal and removes it at the end. Prints nothing if standard error is a file or a
// pipe, or if the work takes only a moment.
import type { Output } from '../command.js';

export interface Progress {
  /** Updates the line with the bytes read and the total; a total of 0 means unknown (standard input). */
  readonly update: (bytes: number, allBytes: number) => void;
  readonly erase: () => void;
}

const FIRST_AFTER_MS = 500;
const EVERY_MS = 100;
const BAR_COLUMNS = 24;

export function createProgress(
  stream: Pick<Output, 'isTTY' | 'columns' | 'write'>,
  now: () => number = Date.now,
): Progress {
  const start = now();
  let next = start + FIRST_AFTER_MS;
  let shown = false;
  return {
    update: (bytes, allBytes) => {
      const time = now();
      if (stream.isTTY !== true || time < next) return;
      next = time + EVERY_MS;
      shown = true;
      stream.write(`\r${renderProgress(bytes, allBytes, time - start).slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
    },
    erase: () => {
      if (shown) stream.write('\r\u001b[K');
      shown = false;
    },
  };
}

/** Renders the line, such as `███████░░░░░ 42 %  1.2 of 2.9 GiB  310 MiB/s`. */
export function renderProgress(bytes: number, allBytes: number, elapsedMs: number): string {
  const rate = `${formatBytes((bytes * 1000) / Math.max(1, elapsedMs))}/s`;
  if (allBytes === 0) return `${formatBytes(bytes)}  ${rate}`;
  const share = Math.min(1, bytes / allBytes);
  const filled = Math.round(share * BAR_COLUMNS);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_COLUMNS - filled)} ${Math.floor(share * 100)} %  ${formatBytes(bytes)} of ${formatBytes(allBytes)}  ${rate}`;
}

function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1] ?? ''}`;
}
