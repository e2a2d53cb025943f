// The scan alone, as a process of its own: how often the anchors of a file (one a line) are met in a log, or in a part of
// it. Arguments: ANCHORS LOG [FROM TO]. bench/scan.ts measures it.
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { createAnchorScanner } from '../dist/analyzer/anchors.js';

const PIECE_BYTES = 1 << 18;
const [anchors = '', log = '', from = '0', to = String(statSync(log).size)] = process.argv.slice(2);
const scanner = createAnchorScanner(readFileSync(anchors, 'utf8').trimEnd().split('\n'));
const file = openSync(log, 'r');
const piece = Buffer.allocUnsafe(PIECE_BYTES);
let met = 0;
for (let at = Number(from); at < Number(to); ) {
  const length = readSync(file, piece, 0, Math.min(PIECE_BYTES, Number(to) - at), at);
  if (length === 0) break;
  const bytes = piece.subarray(0, length);
  const search = scanner.open(bytes);
  for (let from = 0; search.next(from); from = search.end) met++;
  at += length;
}
closeSync(file);
console.log(met);
