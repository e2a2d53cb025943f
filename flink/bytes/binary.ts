// The first bytes of a file → whether it is no text at all: a core dump, a class, a database. Asked by the agent and by
// offline diagnosis, so that both read the same files.

/** So much of a file is looked at, or less where less is there. */
export const BINARY_LOOK_BYTES = 8192;

const SIGNATURES: readonly string[] = [
  '\x7fELF',
  '\xca\xfe\xba\xbe',
  '\x89PNG',
  'SQLite format 3\0',
  'JAVA PROFILE 1.0',
];
const LONGEST_SIGNATURE = 16;
/** Text may hold a few control bytes: a NUL that a program printed, the hole of a file that was truncated. */
const FEW_RUNS = 3;
/** One run in so many bytes is no text. */
const BYTES_PER_RUN = 50;

/** Runs of control bytes are counted, because a hole of any length is one. */
export function isBinary(head: Buffer): boolean {
  const start = head.toString('latin1', 0, LONGEST_SIGNATURE);
  if (SIGNATURES.some((signature) => start.startsWith(signature))) return true;
  let runs = 0;
  let isRun = true;
  for (const byte of head) {
    const isStrange = isControl(byte);
    if (isStrange && !isRun) runs += 1;
    isRun = isStrange;
  }
  return runs > Math.max(FEW_RUNS, head.length / BYTES_PER_RUN);
}

/** A control byte that no log has; tabs, line breaks, form feeds and the escape of colours are usual. */
function isControl(byte: number): boolean {
  return byte < 8 || (byte > 13 && byte < 27) || byte === 127;
}
