// Compares our memory model with the Flink of any number of folders:
//   npx tsx lab/reference/memory.ts --count 2000 [--seed 1] [--show 3] [--java HOME] VERSION=FOLDER…
// FOLDER is the lib of a Flink home, or any folder with Flink's jars. The exit code is 1 if anything differs.
import { parseArgs } from 'node:util';
import { askFlink, closeOracle, compareMemory, openOracle, selectCases } from './memory-oracle.js';
import { createCases } from './memory-sample.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    show: { type: 'string', default: '3' },
    java: { type: 'string', default: process.env['JAVA_HOME'] ?? '/usr' },
  },
});

for (const argument of positionals) {
  const [version = '', folder = ''] = argument.split('=');
  const jars = { version, folder };
  const cases = selectCases(version, createCases(Number(values.seed), Number(values.count)));
  const oracle = await openOracle(jars, values.java);
  const result = compareMemory(version, cases, await askFlink(oracle, jars, cases));
  closeOracle(oracle);
  console.log(
    `${version}: seed ${values.seed}, ${result.legal} legal, ${result.illegal} illegal, ${result.differences.length} different; ${[...result.kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
  );
  for (const { memoryCase, flink, ours } of result.differences.slice(0, Number(values.show))) {
    console.log(
      `  ${memoryCase.process} ${JSON.stringify(Object.fromEntries(memoryCase.options))}\n    Flink ${JSON.stringify(flink)}\n    ours  ${JSON.stringify(ours)}`,
    );
  }
  if (result.differences.length > 0) process.exitCode = 1;
}
