// Settings that are no more. Who still gives one is told what to do instead; the table of settings does not know them.
// Read by load.ts for the file and the environment, and by the command line for its options.
interface FormerRow {
  readonly name: string;
  readonly env: string;
  /** Of the command line. */
  readonly option: string;
  readonly advice: string;
}

export const FORMER: readonly FormerRow[] = [
  {
    name: 'analyzer.shard',
    env: 'JOBTRACE_SHARD',
    option: 'shard',
    advice: 'analyzers share the records by themselves; leave it out, and give all of them the same settings',
  },
];
