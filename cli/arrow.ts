// What the built program takes in place of apache-arrow (write-bundles.ts). The client loads it
// whole, hundreds of modules, for two helpers that give answers of ES|QL in Arrow's form; Jobtrace asks for JSON alone.
// Nothing of the client itself is changed. Who calls one of the two helpers one day takes the alias away.

export { refuseArrow as tableFromIPC };
export const AsyncRecordBatchStreamReader = { from: refuseArrow };

function refuseArrow(): never {
  throw new Error('Arrow is left out of the built program (cli/arrow.ts).');
}
