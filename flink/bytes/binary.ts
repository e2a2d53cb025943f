// Decides from the first bytes of a file whether it is no text at all: a core dump, a class, a database. The agent and
// offline diagnosis both use it, so that they read the same files.

/** Number of bytes of a file that are examined, or fewer if the file is shorter. */
export const BINARY_PROBE_BYTES = 8192;

const SIGNATURES: readonly string[] = [
  '\x7fELF',
  '\xca\xfe\xba\xbe',
  '\x89PNG',
  'SQLite format 3\0',
  'JAVA PROFILE 1.0',
];
const LONGEST_SIGNATURE = 16;
/** Number of runs of control bytes that a text may hold: a NUL that a program printed, the hole of a truncated file. */
const FEW_RUNS = 3;
/** Number of bytes per run, below which a file is no text. */
const BYTES_PER_RUN = 50;

/** Decides whether a file is binary. Runs of control bytes are counted, because a hole of any length is one run. */
export function isBinary(firstBytes: Buffer): boolean {
  const start = firstBytes.toString('latin1', 0, LONGEST_SIGNATURE);
  if (SIGNATURES.some((signature) => start.startsWith(signature))) return true;
  let runs = 0;
  let isRun = true;
  for (const byte of firstBytes) {
    const isStrange = isControl(byte);
    if (isStrange && !isRun) runs += 1;
    isRun = isStrange;
  }
  return runs > Math.max(FEW_RUNS, firstBytes.length / BYTES_PER_RUN);
}

/**
 * Returns true for a control byte that no log has; tabs, line breaks, form feeds and the escape of colours are usual.
 */
function isControl(byte: number): boolean {
  return byte < 8 || (byte > 13 && byte < 27) || byte === 127;
}
