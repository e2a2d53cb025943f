// Implements `npm run parts -- <command>`: list, get, path, start, stop, status. Prints its progress in lines; on a
// terminal the line of the current step is rewritten. The exit code is 1 if a part cannot be obtained, 2 on wrong
// usage.
import { existsSync } from 'node:fs';
import { cacheDir } from './parts/cache.js';
import { startAlertmanager } from './parts/services/alertmanager.js';
import { startElasticsearch } from './parts/services/elasticsearch.js';
import { sizeOf } from './parts/fetch.js';
import { FLINK_VERSIONS } from './parts/services/conf.js';
import { startFlink } from './parts/services/flink.js';
import { startKafka } from './parts/services/kafka.js';
import { PARTS, PartError, findPart, getPart, missingReason, type PartName, type ProgressLine } from './parts/parts.js';
import { startPostgres } from './parts/services/postgres.js';
import { describeError } from './parts/process.js';
import { isOwned, listRunning, stopRunning } from './parts/running.js';
import { startS3 } from './parts/services/s3.js';
import { readPart } from './parts/table.js';
import { startZookeeper } from './parts/services/zookeeper.js';
import { errorText } from '../core/fault.js';

const USAGE = `npm run parts -- COMMAND

  list            every part: version, size, whether it is here, what it is
  get [NAME...]   fetch the parts (all without a name); what is here is kept, an interrupted fetch goes on
  path NAME       the folder of a part
  start NAME      start one in the background with a data folder of its own
  stop NAME       stop what was started under that name
  stop --all      stop all that was started, and what dead tests left behind; with --force also what living ones use
  status          what is running, where

Parts: ${PARTS.map((part) => part.name).join(', ')}
Cache: $JOBTRACE_PARTS, or ~/.cache/jobtrace/parts`;

/** Number of parts fetched at a time. Most of the time is spent on the network, some on compiling. */
const FETCHES = 3;

/** Commands by name. Each gets its arguments and returns the exit code. */
const COMMANDS = new Map<string, (args: string[]) => number | Promise<number>>([
  ['list', listParts],
  ['get', getParts],
  ['path', printPath],
  ['start', startPart],
  ['stop', stopParts],
  ['status', printStatus],
]);

process.exitCode = await run(process.argv.slice(2));

async function run([name = '--help', ...args]: string[]): Promise<number> {
  const command = COMMANDS.get(name);
  if (command === undefined) {
    console.log(USAGE);
    return name === '--help' || name === 'help' ? 0 : 2;
  }
  try {
    return await command(args);
  } catch (error) {
    clearLiveLine();
    console.error(error instanceof Error ? describeError(error) : errorText(error));
    return 1;
  }
}

function listParts(): number {
  console.log(`Cache: ${cacheDir()}\n`);
  for (const part of PARTS) {
    const found = findPart(part.name);
    const inCache = found?.home.startsWith(cacheDir()) === true && part.sources[0]?.client !== 'part';
    const state = found === undefined ? 'absent' : inCache ? `${(sizeOf(found.home) / 1e6).toFixed(0)} MB` : 'here';
    console.log(`${part.name.padEnd(17)}${part.version.padEnd(10)}${state.padEnd(9)}${part.what}`);
    if (found === undefined) console.log(`${' '.repeat(27)}${missingReason(part.name)}`);
  }
  return 0;
}

/** Fetches parts. Continues after a part that cannot be obtained, so that one run reports all problems. */
async function getParts(names: string[]): Promise<number> {
  const parts = names.length === 0 ? PARTS : names.map(readPart);
  // Compiled parts take longest, so they begin first.
  const isCompiled = ({ sources }: (typeof PARTS)[number]): boolean => sources.some(({ client }) => client === 'go');
  const wanted = [...parts.filter(isCompiled), ...parts.filter((part) => !isCompiled(part))].map(({ name }) => name);
  let failed = 0;
  const fetchNext = async (): Promise<void> => {
    for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
      try {
        const got = await getPart(name, showProgress);
        clearLiveLine();
        console.log(`${name} ${got.part.version} is here: ${got.home}`);
      } catch (error) {
        if (!(error instanceof PartError)) throw error;
        clearLiveLine();
        console.error(error.message);
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: FETCHES }, fetchNext));
  return failed === 0 ? 0 : 1;
}

function printPath([name = '']: string[]): number {
  const part = readPart(name);
  const found = findPart(part.name);
  if (found === undefined) throw new Error(missingReason(part.name));
  console.log(found.home);
  return 0;
}

async function startPart([name = '']: string[]): Promise<number> {
  const part = readPart(name);
  await getPart(part.name, showProgress);
  clearLiveLine();
  const started = await startByName(part.name);
  if (started === undefined) {
    console.error(`${name} is not a server: nothing to start. Its place: npm run parts -- path ${name}`);
    return 2;
  }
  console.log(
    `${name} runs at ${started.address}, its folder is ${started.dir}\nStop it with: npm run parts -- stop ${name}`,
  );
  return 0;
}

async function startByName(name: PartName): Promise<{ address: string; dir: string } | undefined> {
  const elasticsearch = ([7, 8, 9] as const).find((version) => name === `elasticsearch-${version}`);
  if (elasticsearch !== undefined) {
    const started = await startElasticsearch({ version: elasticsearch, outlive: true });
    return { address: started.url, dir: started.dir };
  }
  const flink = FLINK_VERSIONS.find((version) => name === `flink-${version}`);
  if (flink !== undefined) {
    const started = await startFlink({ version: flink, outlive: true });
    return { address: started.restUrl, dir: started.dir };
  }
  if (name === 'zookeeper') {
    const started = await startZookeeper({ outlive: true });
    return { address: started.connect, dir: started.dir };
  }
  if (name === 'kafka') {
    const started = await startKafka({ outlive: true });
    return { address: started.bootstrap, dir: started.dir };
  }
  if (name === 'postgres') {
    const started = await startPostgres({ outlive: true });
    return { address: started.jdbcUrl, dir: started.dir };
  }
  if (name === 's3') {
    const started = await startS3({ outlive: true });
    return { address: started.endpoint, dir: started.dir };
  }
  if (name === 'alertmanager') {
    const started = await startAlertmanager({
      outlive: true,
      config: 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n',
    });
    return { address: started.url, dir: started.dir };
  }
  return undefined;
}

async function stopParts([name = '', ...flags]: string[]): Promise<number> {
  if (name !== '--all') readPart(name);
  const chosen = listRunning().filter((entry) => name === '--all' || (entry.part === name && entry.owner === 0));
  for (const entry of chosen) {
    if (isOwned(entry) && !flags.includes('--force')) {
      console.log(
        `${entry.part} at ${entry.address} is in use by process ${entry.owner} and was left alone (--force stops it).`,
      );
      continue;
    }
    await stopRunning(entry);
    console.log(`${entry.part} at ${entry.address} stopped; its folder stays: ${entry.dir}`);
  }
  if (chosen.length === 0) console.log('Nothing to stop.');
  return 0;
}

function printStatus(): number {
  const running = listRunning();
  for (const entry of running) {
    const owner = entry.owner === 0 ? 'until it is stopped' : `as long as process ${entry.owner}`;
    console.log(
      `${entry.part.padEnd(17)}${entry.address.padEnd(26)}${owner}; processes ${entry.pids.join(', ')}; ${existsSync(entry.dir) ? entry.dir : 'folder gone'}`,
    );
  }
  if (running.length === 0) console.log('Nothing is running.');
  return 0;
}

function showProgress(line: ProgressLine): void {
  const text = `${line.part}: ${line.text}`;
  if (!line.live) {
    clearLiveLine();
    console.log(text);
  } else if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001b[K${text.slice(0, process.stdout.columns - 1)}`);
  }
}

function clearLiveLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
}
