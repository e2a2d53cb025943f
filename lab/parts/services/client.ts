// Runs Flink's own command line clients against a cluster: sql-client.sh with a script, `flink run` with a jar. They
// read the cluster's address from FLINK_CONF_DIR, like a user's clients, and their log goes to the same folder as the
// others.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropColour, runCommand } from '../process.js';

export interface ClientContext {
  home: string;
  env: NodeJS.ProcessEnv;
  dir: string;
  timeoutMs: number;
}

export interface ClientResult {
  code: number;
  stdout: string;
  stderr: string;
  /**
   * Text that the SQL client reported as [ERROR], or empty. The client ends with code 0 even then, so callers must
   * check this field too.
   */
  error: string;
  /** Ids of the jobs that the client says it submitted, in their order. */
  jobIds: string[];
}

export interface JarRun {
  jar: string;
  mainClass?: string;
  args?: readonly string[];
  /** Options of `flink run` itself, e.g. ['-s', savepoint] or ['-Dkey=value']. */
  options?: readonly string[];
  /** True (default) to return once it is submitted; false to wait for its end. */
  detached?: boolean;
}

let scripts = 0;

/**
 * Runs sql-client.sh -f. Every statement must end at the end of a line. An INSERT returns once it is submitted, unless
 * the script sets table.dml-sync.
 */
export async function runSql(context: ClientContext, sql: string | { file: string }): Promise<ClientResult> {
  const file = typeof sql === 'string' ? saveScript(context.dir, sql) : sql.file;
  const args = ['-hist', join(context.dir, 'sql-history'), '-f', file];
  let result = await runScript(context, 'sql-client.sh', args);
  for (let tries = 1; tries < MAX_TRIES && result.stderr.includes(PORT_TAKEN); tries += 1)
    result = await runScript(context, 'sql-client.sh', args);
  return result;
}

/**
 * Error of a client that lost its port. The client finds a free port and binds it later; on a busy machine another
 * process takes it in between. No statement of the script has run then.
 */
const PORT_TAKEN = 'Could not start rest endpoint on any port in port range';
const MAX_TRIES = 4;

export async function runJar(context: ClientContext, run: JarRun): Promise<ClientResult> {
  return runScript(context, 'flink', [
    'run',
    ...(run.detached === false ? [] : ['-d']),
    ...(run.mainClass === undefined ? [] : ['-c', run.mainClass]),
    ...(run.options ?? []),
    run.jar,
    ...(run.args ?? []),
  ]);
}

/** Runs any script of bin/ with the cluster's environment. */
export async function runScript(
  context: ClientContext,
  script: string,
  args: readonly string[],
): Promise<ClientResult> {
  const ended = await runCommand(join(context.home, 'bin', script), args, {
    env: context.env,
    cwd: context.dir,
    timeoutMs: context.timeoutMs,
  });
  const stdout = dropColour(ended.stdout);
  const ids = `${stdout}\n${ended.stderr}`.matchAll(/(?:Job ID: |JobID )([0-9a-f]{32})/g);
  return {
    code: ended.code,
    stdout,
    stderr: ended.stderr,
    error: /\[ERROR\] ([\s\S]*?)(?:\n\s*\n|$)/.exec(stdout)?.[1] ?? '',
    jobIds: [...new Set([...ids].map((match) => match[1] ?? ''))],
  };
}

function saveScript(dir: string, sql: string): string {
  mkdirSync(join(dir, 'sql'), { recursive: true });
  scripts += 1;
  const file = join(dir, 'sql', `${process.pid}-${scripts}.sql`);
  writeFileSync(file, sql);
  return file;
}
