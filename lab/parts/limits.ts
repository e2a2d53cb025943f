// Builds the command prefix that sets operating system limits for one process. The kernel does not apply the limit on
// processes and threads to root, so root starts the process under a user id that nobody else has, which may still read
// and write root's files.

export interface Limits {
  openFiles?: number;
  /** Number of processes and threads together; a JVM alone needs some forty, Flink's start scripts another one. */
  processes?: number;
}

let users = 0;

/** Returns the command that runs another one under the limits; empty if there are none. */
export function fillLimits({ openFiles, processes }: Limits): string[] {
  const bounds = [
    ...(openFiles === undefined ? [] : [`--nofile=${openFiles}`]),
    ...(processes === undefined ? [] : [`--nproc=${processes}`]),
  ];
  if (bounds.length === 0) return [];
  const limited = ['prlimit', ...bounds];
  if (process.getuid?.() !== 0) return limited;
  users += 1;
  const user = 40_000 + ((process.pid * 8 + users) % 20_000);
  return [
    'setpriv',
    `--reuid=${user}`,
    `--regid=${user}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    ...limited,
  ];
}
