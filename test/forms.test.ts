// Tests that a log keeps its diagnosis when it was pasted, mailed, copied from a terminal or kept by a shipper that
// does not know lines. Each form is made from the logs that test the rules. A diagnosis may be missing if the form
// removes what it needs (the frame that a rule requires).
import { describe, expect, it } from 'vitest';
import { readCases } from '../analyzer/author/cases.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { splitText } from '../analyzer/input/read.js';

const catalog = loadCatalog();

/** Returns the first cause. */
function nameCause(text: string): string {
  const { diagnoses, unknown } = flattenIncidents(diagnose(splitText(text, 'pasted.log'), catalog), 'en');
  return diagnoses[0]?.cause ?? (unknown.length > 0 ? 'unknown' : 'none');
}

function eachLine(text: string, change: (line: string) => string): string {
  return text.split('\n').map(change).join('\n');
}

/** Wraps a text at word boundaries. */
function wrapWords(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const lines: string[] = [];
      let open = '';
      for (const word of line.split(/(?<=\s)(?=\S)/)) {
        const fits = open.trim() === '' || (open + word).trimEnd().length <= columns;
        if (!fits) lines.push(open.trimEnd());
        open = fits ? open + word : word;
      }
      return [...lines, open];
    })
    .join('\n');
}

/** Puts every part of a trace into the line that it belongs to. */
function fold(text: string): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const isPart =
      /^\s*(?:at |Caused by:|\.\.\. \d+|Suppressed:)/.test(line) || /^[a-z][\w.$]+(?:Exception|Error)\b/.test(line);
    if (isPart && lines.length > 0) lines.push(`${lines.pop() ?? ''} ${line.trim()}`);
    else lines.push(line);
  }
  return lines.join('\n');
}

/** Returns the first stack trace, from its exception on. */
function traceOf(text: string): string {
  const lines = text.split('\n');
  const frame = lines.findIndex((line) => /^\s*at /.test(line));
  if (frame < 0) return text;
  let start = frame - 1;
  while (start > 0 && !/^(?:(?:Caused by: )?[\w.$]+(?:Exception|Error)\b|\d{4}-)/.test(lines[start] ?? '')) start--;
  const end = lines.findIndex((line, index) => index > frame && /^\d{4}-/.test(line));
  return lines
    .slice(Math.max(0, start), end < 0 ? undefined : end)
    .join('\n')
    .replace(/^\d{4}-.*?(?=[a-z_]+(?:\.[\w$]+)+(?:Exception|Error)\b)/, '');
}

const FORMS: readonly { readonly name: string; readonly change: (text: string) => string }[] = [
  { name: 'broken by a mail program', change: (text) => wrapWords(text, 72) },
  { name: 'answered in a mail', change: (text) => eachLine(wrapWords(text, 70), (line) => `> ${line}`) },
  {
    name: 'broken by a mail program, as a web page shows it',
    change: (text) => wrapWords(text, 76).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  },
  {
    name: 'copied from a terminal of 120 columns',
    change: (text) => eachLine(text, (line) => line.replace(/(.{120})(?=.)/g, '$1\n')),
  },
  {
    name: 'copied from a terminal of 80 columns',
    change: (text) => eachLine(text, (line) => line.replace(/(.{80})(?=.)/g, '$1\n')),
  },
  { name: 'with each trace in one line', change: fold },
  { name: 'without indentation', change: (text) => eachLine(text, (line) => line.trim()) },
  { name: 'indented', change: (text) => eachLine(text, (line) => `    ${line}`) },
  { name: 'with a blank line behind each', change: (text) => text.replaceAll('\n', '\n\n') },
  { name: 'with line ends of Windows', change: (text) => text.replaceAll('\n', '\r\n') },
  { name: 'with blanks that do not break', change: (text) => text.replace(/^\t/gm, '\u00a0\u00a0\u00a0\u00a0') },
  { name: 'with colours', change: (text) => text.replace(/ (INFO|WARN|ERROR)/g, ' \u001b[31m$1\u001b[0m') },
  { name: 'as its trace alone behind a label', change: (text) => `报错信息如下：${traceOf(text)}` },
  {
    name: 'as its trace alone between marks of code',
    change: (text) => `error log: \`\`\`${traceOf(text).trimEnd()}\`\`\``,
  },
  {
    name: 'as its trace alone with marks around each line',
    change: (text) => eachLine(traceOf(text).trimEnd(), (line) => `\`${line}\``),
  },
  { name: 'as its trace alone in the source of a page', change: (text) => `<pre>${traceOf(text)}</pre>\n` },
  { name: 'without dates', change: (text) => text.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d+ +/gm, '') },
];

/** Smallest share of the logs in a form that must keep their diagnosis. */
const LEAST_SHARE = 0.95;
/** One of so many logs is played in a form, another one in the next form. */
const EVERY = 3;

describe('a log that went through other hands', () => {
  const logs = catalog.rules
    .flatMap((rule) => readCases(rule).cases)
    .filter(({ isMatch }) => isMatch)
    .map(({ place, bytes }) => ({ name: place, text: bytes.toString() }))
    .map((log) => ({ ...log, cause: nameCause(log.text) }))
    .filter(({ cause }) => cause !== 'none' && cause !== 'unknown');

  it.each(FORMS)('keeps its diagnosis $name', ({ name, change }) => {
    const turn = FORMS.findIndex((form) => form.name === name) % EVERY;
    const played = logs.filter((_, index) => index % EVERY === turn);
    const missed = played.filter(({ text, cause }) => nameCause(change(text)) !== cause).map(({ name }) => name);

    expect(logs.length).toBeGreaterThan(1000);
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual((1 - LEAST_SHARE) * played.length);
  });
});
