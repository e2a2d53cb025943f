// A stack trace whose line breaks became blanks (a web page, a console with one line per entry, a shipper of logs) →
// the trace in lines. Called by layout.ts for the text of an entry; pure.

const PLACE = String.raw`\((?:[\w$-]+\.(?:java|scala|kt)(?::\d+)?|Native Method|Unknown Source)\)`;
/** A frame that does not begin its line. */
const INNER_FRAME = new RegExp(String.raw`\S[ \t]*\bat [\w$.<>/-]+${PLACE}`, 'g');
/** What a frame stands behind: an exception, or a frame with what log4j puts there. */
const BEHIND = new RegExp(String.raw`[a-z]\.[A-Z][\w$]*(?:Exception|Error)\b|${PLACE}(?: ~?\[[^\]\s]*\])?$`);
/** A cause that stands directly behind the message before it, its frames cut off or none. */
const BEFORE_CAUSE = /(?<=\S)[ \t]+(?=Caused by: (?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error)\b)/g;
const NAMED = /[a-z]\.[A-Z][\w$]*(?:Exception|Error): /;
const INNER_PART = new RegExp(
  String.raw`${PLACE}(?: ~?\[[^\]\s]*\])?[ \t]+(?:Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )`,
);
/** Seldom there, and found sooner. */
const BEHIND_PLACE = /[)\]][ \t]+(?:Caused by: |\.\.\. \d|Suppressed: )/;
/** On some pages not even a blank is left. */
const BEFORE_FRAME = new RegExp(String.raw`(?<=\S)[ \t]*(?=at [\w$.<>/-]+${PLACE})`, 'g');
const BEFORE_PART = /(?<=[)\]]|\bmore|\bomitted)[ \t]+(?=Caused by: |\.\.\. \d+ (?:more|common)|Suppressed: )/g;

export function unfoldTrace(text: string): string {
  if (!text.includes('.java:') && !text.includes('.scala:') && !text.includes('.kt:'))
    return text.includes(' Caused by: ') ? splitCauses(text) : text;
  return isFolded(text) ? splitCauses(text.replace(BEFORE_FRAME, '\n\t').replace(BEFORE_PART, '\n')) : text;
}

/** An exception's message is seldom longer; so that a line of many frames takes no longer than its reading. */
const LOOK_BACK = 8192;

function isFolded(text: string): boolean {
  for (const { index } of text.matchAll(INNER_FRAME)) {
    if (BEHIND.test(text.slice(Math.max(text.lastIndexOf('\n', index) + 1, index - LOOK_BACK), index + 1))) return true;
  }
  return BEHIND_PLACE.test(text) && INNER_PART.test(text);
}

/** Only behind an exception: a sentence may tell a cause as well. */
function splitCauses(text: string): string {
  const first = text.search(BEFORE_CAUSE);
  return first !== -1 && NAMED.test(text.slice(Math.max(0, first - LOOK_BACK), first))
    ? text.replace(BEFORE_CAUSE, '\n')
    : text;
}
