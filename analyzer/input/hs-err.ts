// Converts the report that a JVM writes when it crashes or gets no memory from the system (hs_err_pid…log) into the log
// line that it stands for: what happened, in which native frame, and from where that was called. The rest of the report
// (registers, memory map, environment, events long before) says nothing about the cause and would be taken for a log.
// Format: Java SE Troubleshooting Guide, "Fatal Error Log". The service, which gets the lines one by one, uses it too
// (service/forms.ts). Pure functions.

/** True if the text is a crash report. The header alone also stands in .out files; the report goes on with sections. */
export function mayBeHsErr(start: string): boolean {
  return beginsHsErr(start) && /^-{8,}/m.test(start);
}

export function beginsHsErr(start: string): boolean {
  return /^#\s*\r?\n# (?:A fatal error has been detected by|There is insufficient memory for) the Java Runtime/.test(
    start,
  );
}

const MAX_FRAMES = 20;

export function renderHsErr(report: string): string | undefined {
  const text = report.replaceAll('\r', '');
  const header =
    /^(?:#.*\n)+/
      .exec(text)?.[0]
      .split('\n')
      .filter((line) => line !== '#' && line !== '') ?? [];
  if (header.length === 0) return undefined;
  const [first = '', ...rest] = header;
  const details = [
    /^Current thread.*$/m.exec(text)?.[0] ?? '',
    ...readFrames(text, 'Native frames:'),
    ...readFrames(text, 'Java frames:'),
  ].filter((line) => line !== '');
  return `${[`${readTime(text)}FATAL - ${first.replace(/^# /, '')}`, ...rest, ...details].join('\n')}\n`;
}

/** Returns the title with its frames, up to the next blank line. */
function readFrames(text: string, title: string): readonly string[] {
  const start = text.indexOf(`\n${title}`);
  if (start < 0) return [];
  const end = text.indexOf('\n\n', start + 1);
  return text
    .slice(start + 1, end < 0 ? undefined : end)
    .split('\n')
    .slice(0, MAX_FRAMES + 1);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Returns the stamp of a log line for `Time: Mon Mar  2 10:15:01 2026 CET elapsed time: …`, in the machine's zone, as
 * its logs.
 */
function readTime(text: string): string {
  const found = /^[Tt]ime: +\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})/m.exec(text);
  const month = MONTHS.indexOf(found?.[1] ?? '') + 1;
  return found === null || month === 0
    ? ''
    : `${found[4] ?? ''}-${String(month).padStart(2, '0')}-${(found[2] ?? '').padStart(2, '0')} ${found[3] ?? ''},000 `;
}
