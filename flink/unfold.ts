// A stack trace whose line breaks became blanks (a web page, a console with one line per entry, a shipper of logs) → the
// trace in lines. Called by layout.ts for the text of an entry; pure.

const PLACE = String.raw`\((?:[\w$-]+\.(?:java|scala|kt)(?::\d+)?|Native Method|Unknown Source)\)`;
/** A frame behind an exception, or a further part of a trace behind a frame and what log4j puts there, in the same line. */
const FOLDED = new RegExp(String.raw`[a-z]\.[A-Z][\w$]*(?:Exception|Error)\b[^\n]* at [\w$.<>/-]+${PLACE}|${PLACE}(?: ~?\[[^\]\s]*\])?[ \t]+(?:at [\w$.<>/-]+\(|Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )`);
const BEFORE_FRAME = new RegExp(String.raw`[ \t]+(?=at [\w$.<>/-]+${PLACE})`, 'g');
const BEFORE_PART = /(?<=[)\]]|\bmore|\bomitted)[ \t]+(?=Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )/g;

export function unfoldTrace(text: string): string {
  if (!text.includes('.java:') && !text.includes('.scala:') && !text.includes('.kt:')) return text;
  return FOLDED.test(text) ? text.replace(BEFORE_FRAME, '\n\t').replace(BEFORE_PART, '\n') : text;
}
