// Writes the files of a torture, one pen per file. What is written is decided at once and noted in the ledger, and goes
// to the file piece by piece, with a pause between pieces. The table defines what happens to the file meanwhile:
// rename, copy and truncate, compress, delete after reading. Nothing happens that the docs call a loss.
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FileState } from '../../agent/checkpoint/checkpoint.js';
import { readAt } from '../../agent/tail/read.js';
import { fitsGuard } from '../../agent/tail/identity.js';
import { wrapEntries, type Piece } from './container.js';
import type { Dice, DiceSpan } from './dice.js';
import { renderEntry, renderPrinted, type EntryText } from './entries.js';
import type { Ledger } from './ledger.js';
import type { TortureNode } from './node.js';

/** Shares of all entries: refused by the index of their day; written in pieces. */
const REFUSED_SHARE = 0.002;
const SLOW_SHARE = 0.03;
const MIXED_SHARE = 0.4;
/**
 * Number of rotated files that stay untouched, because the agent looks there for the beginning of an entry that
 * continues.
 */
const KEPT = 3;
const USUAL_BYTES: DiceSpan = [20_000, 400_000];
/** Probabilities that a turn writes the next piece. */
const HASTES = [1, 0.3, 0.04];
const TIDY_SHARE = 0.02;

export interface Pen {
  readonly row: PenRow;
  readonly node: TortureNode;
  readonly dice: Dice;
  readonly ledger: Ledger;
  /** Prefix of its entries' names, before their number. */
  readonly name: string;
  path: string;
  number: number;
  rotations: number;
  /** Rotated files, the oldest first. */
  rotated: string[];
  /** Pieces that are decided but not in the file yet. */
  waiting: readonly Piece[];
  haste: number;
  /** True if the file may be rotated after the last piece; within an entry only once. */
  mayTurn: boolean;
  hasTurned: boolean;
  turnAt: number;
  /** Archive of a file, while it is being written. */
  packing: { readonly path: string; rest: readonly Buffer[] } | undefined;
}

interface PenRow {
  readonly kind: string;
  /** Path below the folder of logs; `{n}` is the number of the node. */
  readonly place: string;
  /** Weight among all entries. */
  readonly share: number;
  readonly compose: (pen: Pen, count: number) => readonly Piece[];
  /** Size of the file at which `turn` is called. */
  readonly size: DiceSpan;
  readonly turn: (pen: Pen) => void;
  /** Handles rotated files. */
  readonly tidy: (pen: Pen) => void;
}

const keep = (): void => undefined;

const LOG = { compose: composeLog, size: USUAL_BYTES } as const;

const PENS: readonly PenRow[] = [
  { kind: 'plain', place: 'flink-u-taskexecutor-0-{n}.log', share: 4, ...LOG, turn: rename, tidy: remove },
  { kind: 'shifted', place: 'flink-u-taskexecutor-1-{n}.log', share: 2, ...LOG, turn: shift, tidy: keep },
  { kind: 'copied', place: 'flink-u-standalonesession-0-{n}.log', share: 2, ...LOG, turn: copyTruncate, tidy: remove },
  { kind: 'packed', place: 'flink-u-historyserver-0-{n}.log', share: 2, ...LOG, turn: rename, tidy: pack },
  { kind: 'short', place: 'jobs/job-{n}.log', share: 0.3, ...LOG, size: [1, 1000], turn: beginAnother, tidy: remove },
  {
    kind: 'printed',
    place: 'flink-u-taskexecutor-0-{n}.out',
    share: 0.5,
    compose: composePrinted,
    size: USUAL_BYTES,
    turn: keep,
    tidy: keep,
  },
  {
    kind: 'container',
    place: 'pods/shop_jobmanager-{n}_0a1b/main/0.log',
    share: 3,
    compose: composeContainer,
    size: USUAL_BYTES,
    turn: rename,
    tidy: pack,
  },
];

export function openPens(node: TortureNode, dice: Dice, ledger: Ledger): readonly Pen[] {
  const number = node.name.replace(/\D/g, '');
  return PENS.map((penRow) => {
    const path = join(node.logs, penRow.place.replace('{n}', number));
    mkdirSync(dirname(path), { recursive: true });
    return {
      row: penRow,
      node,
      dice,
      ledger,
      name: `${penRow.kind}-${number}`,
      path,
      number: 0,
      rotations: 0,
      rotated: [],
      waiting: [],
      haste: 1,
      mayTurn: true,
      hasTurned: false,
      turnAt: dice.between(penRow.size),
      packing: undefined,
    };
  });
}

/** Writes about this many entries with all pens together, or continues with pending pieces, and rotates when due. */
export function usePens(pens: readonly Pen[], count: number): void {
  const shares = pens.reduce((sum, pen) => sum + pen.row.share, 0);
  for (const pen of pens) {
    const exact = (count * pen.row.share) / shares;
    usePen(pen, Math.floor(exact) + (pen.dice.chance(exact % 1) ? 1 : 0));
  }
}

function usePen(pen: Pen, count: number): void {
  const { dice, row: penRow } = pen;
  if (pen.waiting.length === 0 && count > 0) {
    pen.waiting = penRow.compose(pen, count);
    pen.haste = pen.waiting.length > 1 ? dice.pick(HASTES) : 1;
    pen.hasTurned = false;
  }
  if (pen.waiting.length > 0 && dice.chance(pen.haste)) writePiece(pen);
  if (isDue(pen)) {
    penRow.turn(pen);
    pen.turnAt = dice.between(penRow.size);
    pen.hasTurned = true;
  }
  if (pen.packing !== undefined) goOnPacking(pen);
  else if (dice.chance(TIDY_SHARE)) penRow.tidy(pen);
}

/**
 * Returns true if the file must be rotated. There are few points within an entry at which this is possible, so they are
 * always used.
 */
function isDue({ mayTurn, hasTurned, waiting, turnAt, path }: Pen): boolean {
  if (waiting.length === 0) return measure(path) >= turnAt;
  return mayTurn && !hasTurned && measure(path) >= USUAL_BYTES[0];
}

/** Writes all pending pieces into the files. */
export function finishPens(pens: readonly Pen[]): void {
  for (const pen of pens) {
    while (pen.waiting.length > 0) writePiece(pen);
    while (pen.packing !== undefined) goOnPacking(pen);
  }
}

function writePiece(pen: Pen): void {
  const [piece, ...others] = pen.waiting;
  if (piece === undefined) return;
  appendFileSync(pen.path, piece.bytes);
  pen.waiting = others;
  pen.mayTurn = piece.mayTurn;
}

function measure(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function nextName(pen: Pen): string {
  pen.number += 1;
  return `${pen.name}-${pen.number}`;
}

/** Composes log entries. log4j never rotates within an entry. */
function composeLog(pen: Pen, count: number): readonly Piece[] {
  const { dice, ledger } = pen;
  const entries = Array.from({ length: count }, () =>
    renderEntry(dice, nextName(pen), pen.row.kind === 'plain' && dice.chance(REFUSED_SHARE) ? 1 : 0),
  );
  for (const entry of entries) ledger.note(entry);
  return cutPieces(pen, renderLines(entries));
}

function composePrinted(pen: Pen, count: number): readonly Piece[] {
  const entries = Array.from({ length: count }, () => renderPrinted(pen.dice, nextName(pen)));
  for (const entry of entries) pen.ledger.note(entry);
  return cutPieces(pen, renderLines(entries));
}

function renderLines(entries: readonly EntryText[]): Buffer {
  return Buffer.from(entries.map(({ text }) => `${text}\n`).join(''));
}

/** Cuts the bytes into pieces: mostly one, else some that end anywhere, within a character, a line or a trace. */
function cutPieces({ dice }: Pen, bytes: Buffer): readonly Piece[] {
  const cuts = dice.chance(SLOW_SHARE) ? Array.from({ length: 4 }, () => dice.between([1, bytes.length])) : [];
  const ends = [...cuts, bytes.length].sort((a, b) => a - b);
  return ends.map((end, at) => ({
    bytes: bytes.subarray(ends[at - 1] ?? 0, end),
    mayTurn: at === ends.length - 1,
  }));
}

/** Composes container lines; slow entries are written line by line. */
function composeContainer(pen: Pen, count: number): readonly Piece[] {
  const { dice, ledger } = pen;
  const pieces: Piece[] = [];
  for (let left = count; left > 0;) {
    const one = renderEntry(dice, nextName(pen));
    const other = left > 1 && dice.chance(MIXED_SHARE) ? renderEntry(dice, nextName(pen)) : undefined;
    const wrapped = wrapEntries(dice, other === undefined ? [one] : [one, other]);
    for (const entry of wrapped.entries) ledger.note(entry);
    pieces.push(...wrapped.pieces);
    left -= wrapped.entries.length;
  }
  if (dice.chance(SLOW_SHARE)) return pieces;
  return [{ bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)), mayTurn: true }];
}

function nextRotation(pen: Pen): string {
  pen.rotations += 1;
  const path = `${pen.path}.${pen.row.kind === 'container' ? `20260501-${100_000 + pen.rotations}` : pen.rotations}`;
  pen.rotated.push(path);
  return path;
}

/** Rotates the file by renaming; the highest number is the newest. */
function rename(pen: Pen): void {
  renameSync(pen.path, nextRotation(pen));
  writeFileSync(pen.path, '');
}

/**
 * Rotates the file by renaming; the lowest number is the newest, so all files are renamed. The oldest is deleted after
 * it was read.
 */
function shift(pen: Pen): void {
  const { path, rotated } = pen;
  const [oldest] = rotated;
  if (oldest !== undefined && rotated.length > KEPT && isOver(pen, oldest)) {
    unlinkSync(oldest);
    rotated.shift();
  }
  const nameOf = (number: number): string => `${path}.${number}`;
  for (let number = rotated.length; number > 0; number -= 1) renameSync(nameOf(number), nameOf(number + 1));
  renameSync(path, nameOf(1));
  pen.rotated = Array.from({ length: rotated.length + 1 }, (_, at) => nameOf(rotated.length + 1 - at));
  writeFileSync(path, '');
}

/**
 * Copies and truncates the file, but only if the checkpoint knows it, because otherwise the copy could not be
 * recognized.
 */
function copyTruncate(pen: Pen): void {
  if (findState(pen, pen.path) === undefined) return;
  copyFileSync(pen.path, nextRotation(pen));
  truncateSync(pen.path);
}

function beginAnother(pen: Pen): void {
  pen.rotated.push(pen.path);
  pen.rotations += 1;
  pen.path = pen.path.replace(/(?:-r\d+)?\.log$/, `-r${pen.rotations}.log`);
}

/** Deletes the oldest file when all of it is in the store. */
function remove(pen: Pen): void {
  const { rotated } = pen;
  const [oldest] = rotated;
  if (oldest === undefined || rotated.length <= KEPT || !isOver(pen, oldest)) return;
  unlinkSync(oldest);
  rotated.shift();
}

/**
 * Compresses a file like gzip: the archive is written next to the file, which is then deleted. The file need not be
 * read, but the checkpoint must know it; a container's file must be read.
 */
function pack(pen: Pen): void {
  const { rotated, row: penRow } = pen;
  const isContainer = penRow.kind === 'container';
  const path = rotated.slice(0, isContainer ? -KEPT : undefined).find((name) => !name.endsWith('.gz'));
  if (path === undefined || measure(path) === 0) return;
  if (isContainer ? !isOver(pen, path) : findState(pen, path) === undefined) return;
  const bytes = gzipSync(readFileSync(path));
  const half = Math.floor(bytes.length / 2);
  pen.packing = { path, rest: [bytes.subarray(0, half), bytes.subarray(half)] };
}

function goOnPacking(pen: Pen): void {
  const { packing } = pen;
  if (packing === undefined) return;
  const [next, ...others] = packing.rest;
  const archive = `${packing.path}.gz`;
  if (next !== undefined) {
    appendFileSync(archive, next);
    packing.rest = others;
    return;
  }
  unlinkSync(packing.path);
  pen.rotated = pen.rotated.map((path) => (path === packing.path ? archive : path));
  pen.packing = undefined;
}

/**
 * Returns the state of the file in the checkpoint; undefined while the disk is full, because the checkpoint is
 * unreliable then.
 */
function findState({ node }: Pick<Pen, 'node'>, path: string): FileState | undefined {
  if (node.isFull || !existsSync(path)) return undefined;
  return node.findStates(path).find(({ head }) => head.length > 0 && fitsGuard(head, readHead(path, head.length)));
}

function readHead(path: string, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    return readAt(file, 0, length);
  } finally {
    closeSync(file);
  }
}

/** Returns true if this file and the next one are read, because the next one may continue its last entry. */
function isOver(pen: Pen, path: string): boolean {
  const next = pen.rotated[pen.rotated.indexOf(path) + 1];
  return isRead(pen, path) && (next === undefined || isRead(pen, next));
}

/** Returns true if the store has all of the file. */
function isRead(pen: Pick<Pen, 'node'>, path: string): boolean {
  const state = findState(pen, path);
  return state !== undefined && state.offset + state.openBytes >= measure(path);
}
