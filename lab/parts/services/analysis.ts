// Builds the plugin (PatternPlugin.java) that adds to the smallest distribution of Elasticsearch what all others have
// and what our templates or its own security need. Takes the distribution, its version and a JDK. Returns a folder for
// its `plugins`, kept in the cache of the parts under the hash of its inputs.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, withLock } from '../cache.js';
import { runCommand, TOOL_JVM } from '../process.js';
import { PartError } from '../tools.js';

const SOURCE = join(import.meta.dirname, 'PatternPlugin.java');
const CLASS = 'io.jobtrace.parts.PatternPlugin';
/** Java release of the compiled class, which runs on every Java that Elasticsearch 8 and 9 run on. */
const RELEASE = 17;
/** JVM options for a quick start of the compiler itself, without thorough compilation. */

export interface Distribution {
  readonly home: string;
  readonly version: string;
  readonly java: string;
}

/** Returns the path of the plugin's folder; each version is built once. */
export async function buildAnalysisPlugin(distribution: Distribution): Promise<string> {
  const descriptor = describePlugin(distribution.version);
  const key = createHash('sha256')
    .update(`${descriptor}\0${readFileSync(SOURCE, 'utf8')}`)
    .digest('hex')
    .slice(0, 16);
  const plugin = join(cacheDir(), 'plugins', `analysis-${distribution.version}-${key}`);
  await withLock(
    'analysis-plugin',
    () => undefined,
    async () => {
      if (existsSync(plugin)) return;
      const unfinished = `${plugin}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      await compilePlugin(distribution, unfinished);
      writeFileSync(join(unfinished, 'plugin-descriptor.properties'), descriptor);
      renameSync(unfinished, plugin);
    },
  );
  return plugin;
}

function describePlugin(version: string): string {
  return Object.entries({
    name: 'jobtrace-analysis',
    description: 'The tokenizer pattern, and what security wants',
    version,
    'elasticsearch.version': version,
    'java.version': RELEASE,
    classname: CLASS,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Compiles the plugin and puts the jar into the folder. */
async function compilePlugin({ home, java }: Distribution, folder: string): Promise<void> {
  const classes = join(folder, 'classes');
  mkdirSync(classes, { recursive: true });
  const options = ['-nowarn', '-proc:none', '-source', `${RELEASE}`, '-target', `${RELEASE}`, '-Xlint:-options'];
  await runTool(java, 'javac', [...options, '-d', classes, '-cp', join(home, 'lib', '*'), SOURCE]);
  await runTool(java, 'jar', ['--create', '--file', join(folder, 'jobtrace-analysis.jar'), '-C', classes, '.']);
  rmSync(classes, { recursive: true });
}

async function runTool(java: string, tool: string, args: readonly string[]): Promise<void> {
  const ended = await runCommand(join(java, 'bin', tool), [...TOOL_JVM, ...args], { timeoutMs: 120_000 });
  if (ended.code !== 0)
    throw new PartError(
      'The analysis plugin for Elasticsearch was not built.',
      `${tool} ended with code ${ended.code}: ${ended.stderr}${ended.stdout}`.trimEnd(),
      `see that ${java} is a JDK, not only a runtime`,
    );
}
