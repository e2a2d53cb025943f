// Replaces apache-arrow in the built program (write-bundles.ts). The Elasticsearch client loads all of it, hundreds of
// modules, for two helpers that return answers of ES|QL in Arrow format, but Jobtrace requests JSON only. The client
// itself is unchanged. A future caller of one of the two helpers must remove the alias.

export { throwUnsupported as tableFromIPC };
export const AsyncRecordBatchStreamReader = { from: throwUnsupported };

function throwUnsupported(): never {
  throw new Error('The built program does not contain Apache Arrow (cli/no-arrow.ts).');
}
