// Describes what reading has to report besides the entries: files that were left out and archives that were read in
// part, each with the reason in both languages. read.ts and archive.ts write the notes; `jobtrace diagnose` shows them
// as text and in its document.
import type { Language, Text } from '../../../core/types.js';

export interface Note {
  readonly path: string;
  /** True if a part of it was read; false if nothing of it was read. */
  readonly partial: boolean;
  readonly reason: NoteReason;
  readonly text: Text;
}

interface NoteRow extends Text {
  /** True if what stands before the problem is used. */
  readonly partial?: true;
}

const ROWS = {
  binary: { en: 'it is a binary file', zh: '它是二进制文件' },
  name: { en: 'its name is not that of a log', zh: '从名称看它不是日志' },
  document: {
    en: 'it is one JSON document, not a log with an object per line',
    zh: '它是单个 JSON 文档，而不是每行一个对象的日志',
  },
  packed: {
    en: 'it is packed with {format}, which is not read here; unpack it and give the folder',
    zh: '它用 {format} 压缩，此处不能读取；请解压后给出目录',
  },
  encrypted: {
    en: 'it is encrypted; unpack it with its password and give the folder',
    zh: '它已加密；请用密码解压后给出目录',
  },
  method: {
    en: 'it is packed with the zip method {method}, which is not read here; unpack it and give the folder',
    zh: '它使用 zip 压缩方法 {method}，此处不能读取；请解压后给出目录',
  },
  nested: {
    en: 'it lies in more than {limit} archives one in the other; unpack the outer ones and give the folder',
    zh: '它嵌套在超过 {limit} 层压缩包中；请先解开外层并给出目录',
  },
  cut: {
    partial: true,
    en: 'the archive ends early; what stands before was read, fetch it again for the rest',
    zh: '压缩包不完整；已读取之前的内容，其余部分请重新获取',
  },
  damaged: {
    partial: true,
    en: 'the archive is damaged: {problem}; what stands before was read, fetch it again for the rest',
    zh: '压缩包已损坏：{problem}；已读取之前的内容，其余部分请重新获取',
  },
  ratio: {
    partial: true,
    en: 'it unpacks to more than {limit} times its size, as only made-up archives do, and was not read further; if it is real, unpack it and give the folder',
    zh: '解压后超过其大小的 {limit} 倍，只有伪造的压缩包才会如此，因此不再读取；若内容真实，请自行解压并给出目录',
  },
  total: {
    partial: true,
    en: 'more than {limit} were unpacked and it was not read further; unpack it and give the folder',
    zh: '解压已超过 {limit}，不再读取；请自行解压并给出目录',
  },
  members: {
    partial: true,
    en: 'it has more than {limit} files and was not read further; unpack it and give the folder',
    zh: '其中超过 {limit} 个文件，不再读取；请自行解压并给出目录',
  },
} as const satisfies Record<string, NoteRow>;

export type NoteReason = keyof typeof ROWS;

export function createNote(path: string, reason: NoteReason, values: Readonly<Record<string, string>> = {}): Note {
  const row: NoteRow = ROWS[reason];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (slot, name: string) => values[name] ?? slot);
  return { path, partial: row.partial === true, reason, text: { en: fill(row.en), zh: fill(row.zh) } };
}

export function renderNote(note: Note, lang: Language): string {
  if (lang === 'zh')
    return note.partial ? `${note.path} 只读取了一部分：${note.text.zh}。` : `${note.path} 未读取：${note.text.zh}。`;
  return note.partial
    ? `${note.path} was read in part: ${note.text.en}.`
    : `${note.path} was left out: ${note.text.en}.`;
}
