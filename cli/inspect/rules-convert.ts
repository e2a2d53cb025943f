// Implements "jobtrace rules convert DIR…": rewrites the rules of the old form (a folder with rule.yaml, proof.yaml and
// logs) below each folder as one file a rule. analyzer/author/convert-folder.ts checks that nothing else changes.
import { existsSync } from 'node:fs';
import { convertFolder } from '../../analyzer/author/convert-folder.js';
import { shareSchemas } from '../../analyzer/author/folder.js';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { createError } from '../../core/errors.js';
import { countOf } from '../../core/text/count.js';
import { CONFIG_OPTION, type Command } from '../command.js';
import { write } from '../terminal/write.js';

const LEFT_OVER = 1;

export const RULES_CONVERT: Command = {
  name: 'rules convert',
  operands: 'DIR…',
  summary: 'Rewrite rules of the old form (a folder each) as one file a rule.',
  options: [CONFIG_OPTION],
  examples: ['jobtrace rules convert our-rules'],
  run: async ({ operands, terminal }) => {
    if (operands.length === 0)
      throw createError('JT_USAGE', { problem: 'rules convert needs a folder of rules.', command: 'rules convert' });
    const missing = operands.find((folder) => !existsSync(folder));
    if (missing !== undefined)
      throw createError('JT_USAGE', { problem: `${missing} does not exist.`, command: 'rules convert' });
    const catalog = loadCatalog({ extra: operands });
    let left = 0;
    for (const folder of operands) {
      const { converted, problems } = convertFolder(folder, catalog);
      if (converted.length > 0) shareSchemas(folder);
      for (const problem of problems) await write(terminal, `${problem}\n`);
      left += problems.length;
      await write(
        terminal,
        `${folder}: ${countOf(converted.length, 'rule')} converted${problems.length === 0 ? '' : `, ${problems.length} left as they are`}\n`,
      );
    }
    return left === 0 ? 0 : LEFT_OVER;
  },
};
