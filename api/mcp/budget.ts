// An answer within what an assistant can afford to read: blocks until the budget is used up, then what was left out and
// how to ask for it. Tokens are counted as if the tokenizer were a poor one, since every model has its own. Pure.
import type { Reply } from './desk.js';

/** Tokens of an answer, at most. */
export const MOST_TOKENS = 4000;
/** Of them for the note behind the head and the sentence about what was left out. */
const RESERVED_TOKENS = 300;
/** A block that is larger is cut, so that the ones behind it can be asked for. */
const MOST_BLOCK_TOKENS = 1500;

/** Letters of one word in one case, digits, blanks, and each other character by itself. */
const PIECES = /[A-Z]?[a-z]+|[A-Z]+|\d+|[ \t]+|\n+|[^\0-\x7f]|[^]/g;

/**
 * At least as many as a usual tokenizer makes: four letters are a token, two digits, each mark, and two for each letter
 * that is no ASCII.
 */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(PIECES)) tokens += countPiece(piece);
  return tokens;
}

function countPiece(piece: string): number {
  const first = piece.charCodeAt(0);
  if (first > 0x7f) return 2;
  if (/[A-Za-z]/.test(piece)) return Math.ceil(piece.length / 4);
  if (/\d/.test(piece)) return Math.ceil(piece.length / 2);
  return piece === ' ' ? 0 : Math.ceil(piece.length / 8);
}

/** How many blocks, from the one with this number on, find room behind the head; one at least. */
export function countFitting({ head, blocks }: Pick<Reply, 'head' | 'blocks'>, skip = 0): number {
  let left = MOST_TOKENS - RESERVED_TOKENS - countTokens(head);
  let fitting = 0;
  for (const block of blocks.slice(skip)) {
    left -= Math.min(countTokens(block) + 1, MOST_BLOCK_TOKENS);
    if (left < 0 && fitting > 0) break;
    fitting += 1;
  }
  return fitting;
}

/** The text of an answer; `skip` blocks were read before. What fits is what countFitting says, note or not. */
export function renderReply({ head, blocks, further }: Reply, skip = 0, note?: string): string {
  const shown = blocks.slice(skip, skip + countFitting({ head, blocks }, skip)).map(cutBlock);
  const reached = skip + shown.length;
  const rest =
    reached < blocks.length
      ? `Left out for room: parts ${reached + 1} to ${blocks.length} of ${blocks.length}. To read on, call this tool again with the same arguments and "skip": ${reached}.`
      : further;
  const parts = [head, note, ...shown, rest === undefined ? undefined : `---\n${rest}`];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** Whole lines, and the fence that was open is closed. */
function cutBlock(block: string): string {
  if (countTokens(block) <= MOST_BLOCK_TOKENS) return block;
  const lines = block.split('\n');
  const kept: string[] = [];
  let left = MOST_BLOCK_TOKENS - 60;
  for (const line of lines) {
    left -= countTokens(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  const fences = kept.flatMap((line) => /^`{3,}/.exec(line)?.[0] ?? []);
  const open = fences.length % 2 === 1 ? fences.at(-1) : undefined;
  return [
    ...kept,
    ...(open === undefined ? [] : [open]),
    `(${lines.length - kept.length} lines of this part were cut.)`,
  ].join('\n');
}
