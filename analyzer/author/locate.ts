// Finds where a part of a compiled rule was written in its file, in either form, so that `rules explain` can name the
// line of the condition that failed.
import { readFileSync } from 'node:fs';
import { parseDocument, type DocumentPath } from '../../core/document.js';
import { isOldRule } from '../catalog/files.js';
import { readForm } from '../catalog/form/read.js';
import type { Rule } from '../catalog/rule.js';

/** Returns line and column of a part, such as `match[0].where.level`. */
export function locatePart(
  { file, owner }: Pick<Rule, 'file' | 'owner'>,
  part: DocumentPath,
): { readonly line: number; readonly column: number } {
  const document = parseDocument(readFileSync(file, 'utf8'), file);
  if (isOldRule(file)) return document.locate(part);
  return readForm(document, { owner, sets: new Map(), chinese: undefined }).locate(part);
}
