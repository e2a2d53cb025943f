// Parses one line of a stack trace into its parts. Removes what logs put before lines of a trace (time stamps, levels,
// container names) and what log4j adds after frames.

export interface TraceHeader {
  readonly type: string;
  readonly message: string;
}

const COMPOSE = /^[\w.-]+ +\| ?/;
const PREFIXES = [
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? (?:std(?:out|err) [FP] )?/,
  /^\d\d:\d\d:\d\d(?:[.,]\d{1,9})? /,
  /^\[(?:error|warn|info|debug)\s*\] /i,
];
/** Field of JSON that somebody pasted without its braces: `"root-exception": "a.b.CException: text`. */
const FIELD = /^\s*"[\w.-]{1,40}"\s*:\s*"/;
const FIELD_END = /"\s*(?:[,}]\s*)?$/;
const TYPE = /^(?:[A-Za-z_$][\w$]*\.)+[A-Za-z_$][\w$]*/;
/** Class name as people shorten it in a message to others. */
const SHORT_TYPE = /^[A-Z][a-z]\w*(?:Exception|Error)(?=: )/;
const THROWABLE = /(?:Exception|Error|Throwable|Failure|Exit|Interrupt|Timeout)(?:\$\w+)?$/;
/** Exception of Hadoop: `RemoteException(a.b.CException): text`. */
const REMOTE = /^\(((?:[A-Za-z_$][\w$]*\.)+[A-Za-z_$][\w$]*)\): ?/;
const THREAD_PREFIX = /^Exception in thread "[^"]*" /;

/** Removes prefixes if a part of a trace follows them. The indentation counts tabs and blanks. */
export function cleanTraceLine(raw: string): { readonly indent: number; readonly content: string } {
  const text = mayBePrefixed(raw) ? stripPrefixes(raw) : raw;
  return { indent: text.length - text.trimStart().length, content: text.trim() };
}

/** Returns true if a line may have a prefix. Most lines begin with a tab or a letter and need no pattern. */
function mayBePrefixed(raw: string): boolean {
  const first = raw.charCodeAt(0);
  return (
    (first >= 48 && first <= 57) ||
    first === 91 ||
    (first > 32 && raw.includes(' | ')) ||
    ((first === 32 || first === 34) && FIELD.test(raw))
  );
}

/** Returns the quoted value after a field's name. */
export function stripField(text: string): string {
  return FIELD.test(text) ? text.replace(FIELD, '').replace(FIELD_END, '') : text;
}

/** Removes prefixes. There may be several: a container's name, a time, a level. */
function stripPrefixes(raw: string): string {
  let text = stripField(raw);
  for (const prefix of [COMPOSE, ...PREFIXES]) text = text.replace(prefix, '');
  return isPart(text) ? text : raw;
}

/** Frame that somebody cut off after its method: `at a.b.C.m`. */
const SHORT_FRAME = /^at (?:[a-z_][\w$]*\.){2,}[A-Z][\w$]*(?:\.[\w$<>]+)+$/;

/** Reads `at a.b.C.m(C.java:1) ~[x.jar:1]`, with or without `at`, as `a.b.C.m(C.java:1)`. */
export function readFrame(content: string): string | undefined {
  const text = content.startsWith('at ') ? content.slice(3) : isBare(content) ? content : '';
  const open = text.indexOf('(');
  if (open < 0 && SHORT_FRAME.test(content)) return text;
  if (open < 3 || !text.slice(0, open).includes('.') || text.slice(0, open).includes(' ')) return undefined;
  const close = text.indexOf(')', open);
  return close === -1 ? text.trim() : text.slice(0, close + 1);
}

/**
 * Reads `File "/opt/job/a.py", line 27, in parse` as `parse(/opt/job/a.py:27)`. A frame of a library begins with
 * `python.`.
 */
export function readPythonFrame(content: string): string | undefined {
  const match = content.startsWith('File "') ? /^File "([^"]+)", line (\d+)(?:, in (\S+))?/.exec(content) : null;
  if (match === null) return undefined;
  const [, file = '', line = '', name = '<module>'] = match;
  return `${isPythonLibrary(file) ? 'python.' : ''}${name}(${file}:${line})`;
}

const PYTHON_LIBRARY = /(?:^|\/)(?:site-packages|dist-packages|pyflink|pemja|apache_beam|py4j|lib\/python[\d.]+)\/|^</;

/** Returns true for a file of Python itself or of an installed package, which is no program's file. */
export function isPythonLibrary(file: string): boolean {
  return PYTHON_LIBRARY.test(file);
}

/** Reads the last line of a Python traceback: `KeyError: 'id'`, `orders.BadOrder`. */
export function readPythonError(content: string): TraceHeader | undefined {
  const match = /^([A-Za-z_][\w.]*)(?:: (.*))?$/s.exec(content);
  return match === null ? undefined : { type: match[1] ?? '', message: match[2] ?? '' };
}

/**
 * Reads `a.b.CException: text`, also in Markdown's bold, as class and text. `sure`: the place (after `Caused by:`)
 * shows that a class is named here.
 */
export function readHeader(content: string, sure = false): TraceHeader | undefined {
  const text = (content.startsWith('**') ? content.slice(2).replace('**', '') : content).replace(THREAD_PREFIX, '');
  const type = (TYPE.exec(text) ?? SHORT_TYPE.exec(text))?.[0];
  if (type === undefined) return undefined;
  const remote = REMOTE.exec(text.slice(type.length));
  const rest =
    remote === null ? text.slice(type.length) : `: ${remote[1] ?? ''}: ${text.slice(type.length + remote[0].length)}`;
  if (rest !== '' && !/^(?:: ?|\{|\s*$)/.test(rest)) return undefined;
  if (!sure && !THROWABLE.test(type)) return undefined;
  const message = rest.startsWith('{') ? rest : rest.replace(/^: ?/, '').trim();
  return { type, message: message === 'null' ? '' : message };
}

/**
 * Reads a header after a colon: Py4J puts the Java exception in the line after its own, as `: a.b.CException: text`.
 */
export function readColonHeader(content: string): TraceHeader | undefined {
  return readHeader(content.startsWith(': ') ? content.slice(2) : content);
}

function isPart(text: string): boolean {
  const content = text.trimStart();
  return (
    /^(?:at [\w$.<>/-]+\(|at \S[^\s.]*\.\S+\(|Caused by:|Suppressed:|Wrapped by:|\.\.\. \d)/.test(content) ||
    readHeader(content) !== undefined
  );
}

function isBare(content: string): boolean {
  return (
    (content.endsWith(')') || content.endsWith(']')) &&
    /^[\w$.<>/-]+\((?:[\w$-]+\.(?:java|scala|kt)(?::\d+)?|Native Method|Unknown Source)\)(?: ~?\[[^\]\s]*\])?$/.test(
      content,
    )
  );
}
