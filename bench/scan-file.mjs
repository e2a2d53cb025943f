// Runs the scan alone in a separate process: counts how often the anchors of a file (one per line, with the packed ones
// next to it) occur in a log. Arguments: ANCHORS LOG. bench/scan.ts measures it.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { createAnchorScanner } from '../dist/flink/bytes/anchors.js';

const [anchors = '', log = ''] = process.argv.slice(2);
const scanner = createAnchorScanner(
  readFileSync(anchors, 'utf8').trimEnd().split('\n'),
  readFileSync(`${anchors}.packed`),
);
const file = openSync(log, 'r');
const piece = scanner.takeBuffer();
let met = 0;
for (let length = readSync(file, piece); length > 0; length = readSync(file, piece)) {
  const search = scanner.open(piece.subarray(0, length));
  for (let from = 0; search.next(from); from = search.end) met++;
}
closeSync(file);
console.log(met);
