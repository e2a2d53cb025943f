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
  binary: { en: 'binary file', zh: '二进制文件' },
  name: { en: 'not a log file name', zh: '不是日志文件名' },
  document: {
    en: 'a single JSON document, not one object per line',
    zh: '单个 JSON 文档，而非每行一个对象',
  },
  packed: {
    en: '{format} is not supported; decompress it first',
    zh: '不支持 {format} 压缩；请先解压',
  },
  encrypted: {
    en: 'encrypted; unpack it with its password first',
    zh: '已加密；请先用密码解压',
  },
  method: {
    en: 'zip method {method} is not supported; unpack it first',
    zh: '不支持 zip 压缩方法 {method}；请先解压',
  },
  nested: {
    en: 'nested too deeply (more than {limit} archives); unpack the outer ones first',
    zh: '嵌套过深（超过 {limit} 层压缩包）；请先解开外层',
  },
  cut: {
    partial: true,
    en: 'the archive is incomplete; the part before its end was read. Download it again',
    zh: '压缩包不完整；已读取可用部分，请重新下载',
  },
  damaged: {
    partial: true,
    en: 'the archive is damaged ({problem}); the part before that was read. Download it again',
    zh: '压缩包已损坏（{problem}）；已读取可用部分，请重新下载',
  },
  ratio: {
    partial: true,
    en: 'suspicious compression ratio (over {limit}:1, possible zip bomb); if it is genuine, unpack it first',
    zh: '压缩比异常（超过 {limit}:1，可能是压缩炸弹）；若内容真实，请先解压',
  },
  total: {
    partial: true,
    en: 'more than {limit} after decompression; unpack it first',
    zh: '解压后超过 {limit}；请先解压',
  },
  members: {
    partial: true,
    en: 'more than {limit} files in the archive; unpack it first',
    zh: '压缩包内超过 {limit} 个文件；请先解压',
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
    return note.partial ? `${note.path} 仅读取了一部分：${note.text.zh}。` : `${note.path} 已跳过：${note.text.zh}。`;
  return note.partial ? `${note.path} was partly read: ${note.text.en}.` : `${note.path} skipped: ${note.text.en}.`;
}
