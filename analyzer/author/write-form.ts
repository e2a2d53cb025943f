// Writes a value as YAML as people write rules: a key a line, short maps and lists on one line, quotes only where they
// are needed. The library's own writer breaks long texts and quotes differently. Pure functions.

/** Longest line of a map or list that is written on one line. */
const MAX_FLOW = 400;

export interface WriteOptions {
  /** Comments by the path of the value before which they stand, as JSON. */
  readonly comments?: ReadonlyMap<string, readonly string[]>;
}

type Path = readonly (string | number)[];

/** Writes a map as the lines of a document. */
export function writeForm(value: Readonly<Record<string, unknown>>, options: WriteOptions = {}): string {
  return `${writeMap(value, '', [], options).join('\n')}\n`;
}

function writeMap(value: object, indent: string, path: Path, options: WriteOptions): string[] {
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    if (item === undefined) return [];
    const own = [...path, key];
    return [...commentOf(own, indent, options), ...writeItem(`${indent}${writeKey(key)}:`, item, indent, own, options)];
  });
}

/** Writes a value behind its key or dash: on the same line if it is short enough, otherwise on lines of its own. */
function writeItem(start: string, item: unknown, indent: string, path: Path, options: WriteOptions): string[] {
  if (typeof item !== 'object' || item === null) return [`${start} ${writeScalar(item)}`];
  const flow = writeFlow(item);
  const isPlain = Object.keys(item).length === 0 || !hasComment(path, options);
  if (isPlain && start.length + flow.length < MAX_FLOW) return [`${start} ${flow}`];
  return [
    start,
    ...(Array.isArray(item) ? writeList(item, indent, path, options) : writeMap(item, `${indent}  `, path, options)),
  ];
}

function writeList(items: readonly unknown[], indent: string, path: Path, options: WriteOptions): string[] {
  return items.flatMap((item, index) => {
    const own = [...path, index];
    const dash = `${indent}  -`;
    const comments = commentOf(own, `${indent}  `, options);
    if (typeof item !== 'object' || item === null) return [...comments, `${dash} ${writeScalar(item)}`];
    const flow = writeFlow(item);
    if (dash.length + flow.length < MAX_FLOW && !hasComment(own, options)) return [...comments, `${dash} ${flow}`];
    if (path[0] === WRAPPED && path.length === 1) return [...comments, ...writeWrapped(item, `${indent}  `)];
    if (Array.isArray(item)) return [...comments, dash, ...writeList(item, `${indent}  `, own, options)];
    const [first = '', ...rest] = writeMap(item, `${indent}    `, own, options);
    return [...comments, `${dash} ${first.trimStart()}`, ...rest];
  });
}

/** Key of the list whose long items are wrapped: a case with a stack trace would take a line for each frame. */
const WRAPPED = 'cases';
/** Longest line of what is wrapped. */
const MAX_WRAPPED = 480;

/** Writes a map in braces, with as many of its parts on a line as fit. */
function writeWrapped(item: object, indent: string): string[] {
  const pairs = Object.entries(item).filter(([, value]) => value !== undefined);
  const parts = pairs.flatMap(([key, value]: [string, unknown], index) => {
    const comma = index === pairs.length - 1 ? ' }' : ',';
    const start = `${writeKey(key)}:`;
    if (!Array.isArray(value)) return [`${start} ${writeFlow(value)}${comma}`];
    return value.map((one: unknown, place) => {
      const open = place === 0 ? `${start} [` : '';
      return `${open}${writeFlow(one)}${place === value.length - 1 ? `]${comma}` : ','}`;
    });
  });
  const lines: string[] = [];
  let line = `${indent}- {`;
  for (const part of parts) {
    if (line.length + part.length >= MAX_WRAPPED && line.trim() !== '- {') {
      lines.push(line);
      line = `${indent}   `;
    }
    line += ` ${part}`;
  }
  return [...lines, line];
}

function commentOf(path: Path, indent: string, { comments }: WriteOptions): readonly string[] {
  return (comments?.get(JSON.stringify(path)) ?? []).map((line) => `${indent}# ${line}`);
}

function hasComment(path: Path, { comments }: WriteOptions): boolean {
  const start = JSON.stringify(path).slice(0, -1);
  return [...(comments?.keys() ?? [])].some((key) => key !== JSON.stringify(path) && key.startsWith(`${start},`));
}

/** Writes a value on one line. */
export function writeFlow(item: unknown): string {
  if (Array.isArray(item)) return `[${item.map((one: unknown) => writeFlow(one)).join(', ')}]`;
  if (typeof item !== 'object' || item === null) return writeScalar(item);
  const pairs = Object.entries(item).filter(([, value]) => value !== undefined);
  return pairs.length === 0
    ? '{}'
    : `{ ${pairs.map(([key, value]) => `${writeKey(key)}: ${writeFlow(value)}`).join(', ')} }`;
}

function writeKey(key: string): string {
  return isPlain(key) ? key : quote(key);
}

function writeScalar(value: unknown): string {
  return typeof value === 'string' ? (isPlain(value) ? value : quote(value)) : String(value);
}

/** Quotes a text: simply if it has backslashes or quotes, as patterns have, otherwise as JSON does. */
function quote(text: string): string {
  const isOneLine = !/[\p{Cc}\u2028\u2029\ufeff]/u.test(text);
  if (isOneLine && /[\\"]/.test(text) && (!text.includes("'") || /\\/.test(text)))
    return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replaceAll(
    /[\p{Cc}\u2028\u2029\ufeff]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** True if YAML reads the text as this text without quotes: one word that is no number, date or truth value. */
function isPlain(text: string): boolean {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
}
