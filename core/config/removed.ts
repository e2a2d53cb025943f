// Lists settings that were removed, with the advice for a user who still gives one. The table of settings does not
// contain them. load.ts checks file and environment for them, and the command line its options.
interface RemovedSetting {
  readonly name: string;
  readonly env: string;
  /** Option of the command line. */
  readonly option: string;
  readonly advice: string;
}

export const REMOVED_SETTINGS: readonly RemovedSetting[] = [
  {
    name: 'analyzer.shard',
    env: 'JOBTRACE_SHARD',
    option: 'shard',
    advice: 'analyzers share the records by themselves; leave it out, and give all of them the same settings',
  },
];
