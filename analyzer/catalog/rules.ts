// Reads the file of a rule, in either form, into a rule among those that were read, or reports its problems. The rule
// is new, or it replaces, extends or disables the rule of its id in the folders before.
import { relative, sep } from 'node:path';
import { formatProblems, type ParsedDocument, type Problem } from '../../core/document.js';
import { findNearest } from '../../core/text/nearest.js';
import { compileRule, extendRule } from './compile.js';
import type { DisabledFile, ExtensionFile, RuleFile } from './rule.js';
import { suggestCause, type Cause } from './causes.js';
import { closeRule, deferRule, isRuleFile, type ClosedRule } from './closed.js';
import { isOldRule } from './files.js';
import type { FormTexts } from './form/texts.js';
import { PREPARED } from './prepared.js';

/** Rules by id, each with its document. */
export type ReadRules = Map<
  string,
  { readonly rule: ClosedRule; readonly document: ParsedDocument; readonly folder: string }
>;

export interface RuleReading {
  readonly folder: string;
  readonly file: string;
  /** Opens the schema of the rule's form. */
  readonly openSchema: (isOld: boolean) => object;
  readonly texts: FormTexts;
  readonly causes: ReadonlyMap<string, Cause>;
  readonly rules: ReadRules;
  readonly problems: string[];
  readonly refused: Set<string>;
}

export function readRule(reading: RuleReading): void {
  const { folder, file, causes, rules, problems, refused } = reading;
  const { parts, id } = placeOf(folder, file);
  const here = `${process.cwd()}${sep}`;
  const name = file.startsWith(here) ? file.slice(here.length) : file;
  const [area = '', cause = ''] = parts;
  const document = readSafely(reading, name, `${area}.${cause}`);
  if (typeof document === 'string') {
    problems.push(`${name}:1:1 cannot be read: ${document}`);
    refused.add(id);
    return;
  }
  const found: Problem[] = [...document.problems];
  if (parts.length !== 3)
    found.push(document.problemAt([], `must stand in <area>/<cause>/<variant>/, not in ${parts.join('/')}/`));
  else if (!causes.has(`${area}.${cause}`))
    found.push(
      document.problemAt(
        [],
        `its folder names the cause \`${area}.${cause}\`, which causes.yaml does not have${suggestCause(`${area}.${cause}`, causes)}`,
      ),
    );
  if (rules.get(id)?.folder === folder)
    found.push(document.problemAt([], `is the second file of \`${id}\` in this folder; keep one of the two forms`));
  const anchors = document.trusted === true ? PREPARED.anchorsOf(file) : undefined;
  if (anchors !== undefined) rules.set(id, { rule: deferRule(id, file, document, anchors), document, folder });
  else if ((document.problems.length === 0 || !isOldRule(file)) && isRuleFile(document.value))
    for (const problem of takeRule(id, reading, document.value, document)) found.push(problem);
  if (!isOldRule(file) && reading.texts.isBroken(folder, file)) refused.add(id);
  if (found.length === 0) return;
  for (const line of formatProblems(name, found).split('\n')) problems.push(line);
  if (parts.length === 3) refused.add(id);
}

/** Returns the parts of the rule's id (area, cause, variant) by its path below the folder. */
function placeOf(folder: string, file: string): { readonly parts: readonly string[]; readonly id: string } {
  const below = (file.startsWith(`${folder}${sep}`) ? file.slice(folder.length + 1) : relative(folder, file)).split(
    sep,
  );
  const parts = isOldRule(file) ? below.slice(0, -1) : below.map((part) => part.replace(/\.ya?ml$/, ''));
  const [area = '', cause = '', variant = ''] = parts;
  return { parts, id: `${area}.${cause}/${variant}` };
}

/** Reads the document, or returns the reason why the system does not give it. */
function readSafely(
  { folder, file, openSchema, texts, causes }: RuleReading,
  name: string,
  cause: string,
): ParsedDocument | string {
  try {
    const isOld = isOldRule(file);
    return PREPARED.read(
      file,
      name,
      () => openSchema(isOld),
      isOld ? undefined : texts.formOf(folder, file, causes.get(cause)?.owner),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.message;
    throw error;
  }
}

/** Adds the rule, or changes the rule of its id in the catalogs before. */
function takeRule(
  id: string,
  { folder, file, rules }: RuleReading,
  source: RuleFile | ExtensionFile | DisabledFile,
  document: ParsedDocument,
): readonly Problem[] {
  const known = rules.get(id);
  if (source.status === 'disabled') {
    rules.delete(id);
    return known === undefined
      ? [document.problemAt(['status'], `disables \`${id}\`, which no catalog before has${suggestRule(id, rules)}`)]
      : [];
  }
  if (source.status === 'extended') {
    if (known === undefined)
      return [
        document.problemAt(['status'], `extends \`${id}\`, which no catalog before has${suggestRule(id, rules)}`),
      ];
    const extended = extendRule(known.rule.open(), source, document);
    rules.set(id, { ...known, rule: closeRule(extended.rule) });
    return extended.problems;
  }
  const compiled = compileRule(id, file, source, document);
  rules.set(id, { rule: closeRule(compiled.rule), document, folder });
  return compiled.problems;
}

function suggestRule(id: string, rules: ReadRules): string {
  const nearest = findNearest(id, rules.keys());
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}
