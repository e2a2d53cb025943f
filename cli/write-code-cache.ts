// The build's last step: diagnoses some logs of the rules, and keeps what V8 compiled for it (program.ts). Called by
// `npm run build`; the cache fits the version of Node that made it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { findBuiltInRules } from '../analyzer/catalog/catalog.js';
import { compileBundle, COMPILED_FILE, runBundle, tuneForShortRun } from './program.js';

/** What a diagnosis needs again and again: several kinds of failures, and logs of healthy jobs. */
const LOGS = ['network', 'memory', 'healthy'].map((area) => join(findBuiltInRules(), area));

tuneForShortRun();
const bundle = compileBundle();
const { main } = runBundle(bundle);
const silence = (): Writable => new Writable({ write: (_, __, done) => done() });
for (const format of ['json', 'text']) {
  const code = await main(['diagnose', '--format', format, ...LOGS], {
    stdout: silence(),
    stderr: silence(),
    stdin: process.stdin,
    environment: {},
    signal: new AbortController().signal,
    onHangup: () => undefined,
  });
  if (code !== 0) throw new Error(`the built program ended with ${code}`);
}
writeFileSync(COMPILED_FILE, bundle.createCachedData());
