// Limits an answer to the tokens that an assistant can afford to read: blocks until the budget is used up, then the
// number of omitted blocks and how to request them. The token count assumes a poor tokenizer, because every model has
// its own. Pure functions.
import { countOf } from '../../core/text/count.js';
import type { Reply } from './tool-context.js';

/** Largest number of tokens of an answer. */
export const MAX_TOKENS = 4000;
/** Part of the budget for the note after the header and for the sentence about omitted blocks. */
const RESERVED_TOKENS = 300;
/** Largest number of tokens of a block. A larger block is cut, so that the blocks after it can be requested. */
const MAX_BLOCK_TOKENS = 1500;

/**
 * Pattern of the parts that become tokens: letters of one word in one case, digits, blanks, line breaks, or a single
 * other character.
 */
const TOKEN_PARTS = /[A-Z]?[a-z]+|[A-Z]+|\d+|[ \t]+|\n+|[^\0-\x7f]|[^]/g;

/**
 * Counts the tokens of a text, at least as many as a usual tokenizer: one for four letters, one for two digits, one for
 * each punctuation mark, and two for each character outside ASCII.
 */
export function countTokens(text: string): number {
  let tokens = 0;
  for (const [part] of text.matchAll(TOKEN_PARTS)) tokens += countPartTokens(part);
  return tokens;
}

function countPartTokens(part: string): number {
  const first = part.charCodeAt(0);
  if (first > 0x7f) return 2;
  if (/[A-Za-z]/.test(part)) return Math.ceil(part.length / 4);
  if (/\d/.test(part)) return Math.ceil(part.length / 2);
  return part === ' ' ? 0 : Math.ceil(part.length / 8);
}

/** Returns the number of blocks, starting at block `skip`, that fit after the header; at least one. */
export function countFitting({ header, blocks }: Pick<Reply, 'header' | 'blocks'>, skip = 0): number {
  let left = MAX_TOKENS - RESERVED_TOKENS - countTokens(header);
  let fitting = 0;
  for (const block of blocks.slice(skip)) {
    left -= Math.min(countTokens(block) + 1, MAX_BLOCK_TOKENS);
    if (left < 0 && fitting > 0) break;
    fitting += 1;
  }
  return fitting;
}

/**
 * Renders the text of an answer. `skip` blocks were read before. `countFitting` decides the number of blocks, with or
 * without a note.
 */
export function renderReply({ header, blocks, further }: Reply, skip = 0, note?: string): string {
  const shown = blocks.slice(skip, skip + countFitting({ header, blocks }, skip)).map(cutBlock);
  const end = skip + shown.length;
  const rest =
    end < blocks.length
      ? `Left out for room: parts ${end + 1} to ${blocks.length} of ${blocks.length}. To read on, call this tool again with the same arguments and "skip": ${end}.`
      : further;
  const parts = [header, note, ...shown, rest === undefined ? undefined : `---\n${rest}`];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** Cuts a block at a line end and closes an open code fence. */
function cutBlock(block: string): string {
  if (countTokens(block) <= MAX_BLOCK_TOKENS) return block;
  const lines = block.split('\n');
  const kept: string[] = [];
  let left = MAX_BLOCK_TOKENS - 60;
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
    `(${countOf(lines.length - kept.length, 'line')} of this part cut.)`,
  ].join('\n');
}
