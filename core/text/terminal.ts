// Makes text safe for a terminal: no character from a log, a path or an error controls the terminal or changes the
// reading direction. Such a character becomes visible instead (␛, \u202e). Jobtrace's own colours are noncharacters in
// the text and become escape sequences only here. All commands write through it (cli/terminal/write.ts). JSON stays
// exact: it holds no raw C0 controls, and \uXXXX is JSON's own escape of the same character.

import { showHidden } from './hidden.js';

export type Paint = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

/** SGR code of each colour, and the noncharacter that stands for it until the text is written. */
const PAINTS: Readonly<Record<Paint | 'end', readonly [placeholder: string, code: number]>> = {
  end: ['\ufdd0', 0],
  red: ['\ufdd1', 31],
  yellow: ['\ufdd2', 33],
  green: ['\ufdd3', 32],
  cyan: ['\ufdd4', 36],
  bold: ['\ufdd5', 1],
  dim: ['\ufdd6', 2],
};
const CODES: ReadonlyMap<string, number> = new Map(Object.values(PAINTS));

/**
 * Control characters: C0 except tab and line feed, DEL, C1, and the noncharacters of colours. A carriage return before
 * a line feed is a line break. hidden.ts shows invisible characters and those that change the reading direction.
 */
const COMMANDING =
  // eslint-disable-next-line no-control-regex -- The pattern searches for control characters.
  /\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdd6]/g;
const PICTURES = 0x2400;

export function paintText(text: string, paint: Paint): string {
  return `${PAINTS[paint][0]}${text}${PAINTS.end[0]}`;
}

/**
 * Returns text that is safe to write: colours become escape sequences, every other control character becomes visible.
 */
export function showText(text: string): string {
  const shown = text.replace(COMMANDING, (character) => {
    const code = CODES.get(character);
    return code === undefined ? showCharacter(character) : `\u001b[${code}m`;
  });
  return showHidden(shown);
}

function showCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(PICTURES + code) : `\\u${code.toString(16).padStart(4, '0')}`;
}
