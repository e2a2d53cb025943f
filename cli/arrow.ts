// Replaces apache-arrow in the built program (write-bundles.ts). The Elasticsearch client loads all of it, hundreds of
// modules, for two helpers that return answers of ES|QL in Arrow format, but Jobtrace requests JSON only. The client
// itself is unchanged. A future caller of one of the two helpers must remove the alias.

export { refuseArrow as tableFromIPC };
export const AsyncRecordBatchStreamReader = { from: refuseArrow };

function refuseArrow(): never {
  throw new Error('Arrow is left out of the built program (cli/arrow.ts).');
}
