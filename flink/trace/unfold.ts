// Restores the lines of a stack trace whose line breaks became blanks (a web page, a console with one line per entry, a
// log shipper). Pure functions.

const PLACE = String.raw`\((?:[\w$-]+\.(?:java|scala|kt)(?::\d+)?|Native Method|Unknown Source)\)`;
/** Frame that does not begin its line. */
const INNER_FRAME = new RegExp(String.raw`\S[ \t]*\bat [\w$.<>/-]+${PLACE}`, 'g');
/** Text that may come before a frame: an exception, or a frame with what log4j adds to it. */
const BEHIND = new RegExp(String.raw`[a-z]\.[A-Z][\w$]*(?:Exception|Error)\b|${PLACE}(?: ~?\[[^\]\s]*\])?$`);
/** Cause directly after the message before it, because the frames between them were cut off or did not exist. */
const BEFORE_CAUSE = /(?<=\S)[ \t]+(?=Caused by: (?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)\b)/g;
const NAMED = /[a-z]\.[A-Z][\w$]*(?:Exception|Error): /;
const INNER_PART = new RegExp(
  String.raw`${PLACE}(?: ~?\[[^\]\s]*\])?[ \t]+(?:Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )`,
);
/** Pattern that is found sooner and is rarely present, so that it is tried first. */
const BEHIND_PLACE = /[)\]][ \t]+(?:Caused by: |\.\.\. \d|Suppressed: )/;
/** Blanks before a frame. Some pages leave not even a blank. */
const BEFORE_FRAME = new RegExp(String.raw`(?<=\S)[ \t]*(?=at [\w$.<>/-]+${PLACE})`, 'g');
const BEFORE_PART = /(?<=[)\]]|\bmore|\bomitted)[ \t]+(?=Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )/g;

export function unfoldTrace(text: string): string {
  if (!text.includes('.java:') && !text.includes('.scala:') && !text.includes('.kt:'))
    return text.includes(' Caused by: ') ? splitCauses(text) : text;
  return isFolded(text) ? splitCauses(text.replace(BEFORE_FRAME, '\n\t').replace(BEFORE_PART, '\n')) : text;
}

/**
 * Number of characters before a frame that are searched. A message is rarely longer, and a limit keeps the time for a
 * line of many frames linear.
 */
const MAX_LINES_BACK = 8192;

function isFolded(text: string): boolean {
  for (const { index } of text.matchAll(INNER_FRAME)) {
    if (BEHIND.test(text.slice(Math.max(text.lastIndexOf('\n', index) + 1, index - MAX_LINES_BACK), index + 1)))
      return true;
  }
  return BEHIND_PLACE.test(text) && INNER_PART.test(text);
}

/**
 * Splits causes onto their own lines, but only after an exception, because a sentence may contain "Caused by" as well.
 */
function splitCauses(text: string): string {
  const first = text.search(BEFORE_CAUSE);
  return first !== -1 && NAMED.test(text.slice(Math.max(0, first - MAX_LINES_BACK), first))
    ? text.replace(BEFORE_CAUSE, '\n')
    : text;
}
