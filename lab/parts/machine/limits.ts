// Limits of the operating system for one process: the words that go before its command. The kernel does not hold
// root to a number of processes (threads count), so root starts it as a user id that nobody else has, who may still
// read and write root's files.

export interface Limits {
  openFiles?: number;
  /** Processes and threads together; a JVM alone needs some forty, Flink's start scripts another one. */
  processes?: number;
}

let users = 0;

/** The command that runs another one under the limits; empty where there are none. */
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
