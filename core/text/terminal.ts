// Text for a terminal: whatever a log, a path or an error brings, no character of it commands the terminal or turns
// the direction of reading. Such a character is shown instead (␛, \u202e). Colours of our own travel as
// noncharacters, and become escape sequences here and nowhere else. The commands write through it
// (cli/terminal/write.ts).
//
// JSON stays exact: it holds no raw C0 controls, and what is shown as \uXXXX is JSON's escape of the same character.

import { showHidden } from './hidden.js';

export type Paint = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

/** The code of SGR, and the noncharacter that stands for it until it is written. */
const PAINTS: Readonly<Record<Paint | 'end', readonly [mark: string, code: number]>> = {
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
 * C0 but tab and line feed, DEL, C1, the noncharacters of colours. A carriage return in front of a line feed is a line
 * break. What has no shape, or turns the direction of reading, is shown by hidden.ts.
 */
const COMMANDING =
  // eslint-disable-next-line no-control-regex -- They are what is looked for.
  /\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdd6]/g;
const PICTURES = 0x2400;

export function paintText(text: string, paint: Paint): string {
  return `${PAINTS[paint][0]}${text}${PAINTS.end[0]}`;
}

/** What may be written: colours as escape sequences, every other commanding character shown. */
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
