// Tests "jobtrace agent" as a process, started as on a node.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lines } from '../../test/agent-fixture.js';
import { startProgram, waitUntil, type RunningProgram } from '../../test/program.js';

let folder: string;
let program: RunningProgram | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-agent-process-'));
  mkdirSync(join(folder, 'log'));
});
afterEach(async () => {
  await program?.stop('SIGKILL');
  program = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function start(settings: object, environment: Readonly<Record<string, string>> = {}): RunningProgram {
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, JSON.stringify({ dataDir: join(folder, 'data'), ...settings }));
  program = startProgram(['agent', '--config', config], { env: environment });
  return program;
}

/** Returns the log of the process, one JSON object for each line. */
function said(running: RunningProgram): readonly Record<string, unknown>[] {
  return running
    .stderr()
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

async function findPort(running: RunningProgram): Promise<number> {
  return waitUntil(
    'the address',
    () => said(running).find(({ port }) => typeof port === 'number')?.['port'] as number,
    {
      saw: running.stderr,
    },
  );
}

/** Returns the files of a folder that the process has open. */
function listOpen({ process: { pid } }: RunningProgram, below: string): readonly string[] {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors)
    .map((fd) => {
      try {
        return readlinkSync(join(descriptors, fd));
      } catch {
        return ''; // The file was closed meanwhile.
      }
    })
    .filter((path) => path.startsWith(below));
}

const FILES = 20;

describe('jobtrace agent', () => {
  it('serves its numbers and its health where it is told to, and ends with them', async () => {
    writeFileSync(join(folder, 'log', 'a.log'), lines(0, 20));
    const running = start({ agent: { paths: [join(folder, 'log')], listen: '127.0.0.1:0' } });
    const url = `http://127.0.0.1:${await findPort(running)}`;

    const text = await waitUntil('20 records', async () => {
      const answer = await (await fetch(`${url}/metrics`)).text();
      const isDone = ['stored_records_total 20', 'lag_bytes 0'].every((end) =>
        answer.includes(`jobtrace_agent_${end}\n`),
      );
      return isDone ? answer : undefined;
    });
    const ready = await fetch(`${url}/health/ready`);
    const live = await fetch(`${url}/health/live`);
    const code = await running.stop();

    for (const line of [
      'jobtrace_agent_files 1',
      'jobtrace_agent_open_files 1',
      'jobtrace_agent_at_risk_bytes 0',
      `jobtrace_agent_read_bytes_total ${lines(0, 20).length}`,
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^jobtrace_agent_last_acknowledgement_timestamp_seconds 1\d{9}/m);
    expect([ready.status, live.status, code]).toEqual([200, 200, 0]);
  });

  it('keeps to its limits of bandwidth and descriptors, says that it lags, and has everything in the end', async () => {
    const logs = join(folder, 'log');
    for (let number = 0; number < FILES; number += 1) writeFileSync(join(logs, `${number}.log`), lines(0, 40));
    const limits = { maxOpenFiles: 5, maxBytesPerSecond: 25_000, scanIntervalMs: 100 };
    const running = start({ agent: { paths: [logs], listen: '127.0.0.1:0', ...limits } });
    const url = `http://127.0.0.1:${await findPort(running)}/metrics`;
    let isLimited = false;
    let maxOpen = 0;
    const text = await waitUntil('everything', async () => {
      const answer = await (await fetch(url)).text();
      maxOpen = Math.max(maxOpen, listOpen(running, logs).length);
      isLimited ||= answer.includes('jobtrace_agent_conditions{code="JT_READING_LIMITED"} 1\n');
      return answer.includes(`stored_records_total ${40 * FILES}\n`) ? answer : undefined;
    });

    expect([isLimited, maxOpen <= 5]).toEqual([true, true]);
    expect(text).toMatch(/^jobtrace_agent_rate_wait_seconds_total [\d.]*[1-9]/m);
    appendFileSync(join(logs, '0.log'), lines(40, 50));
    await waitUntil('what came later', async () =>
      (await (await fetch(url)).text()).includes(`stored_records_total ${40 * FILES + 10}\n`) ? true : undefined,
    );
    expect(await running.stop()).toBe(0);
  });

  it('loads nothing of a server when it serves nothing', async () => {
    const hook = join(folder, 'hook.cjs');
    const names = join(folder, 'names');
    writeFileSync(
      hook,
      `const Module = require('node:module');
       const { appendFileSync } = require('node:fs');
       const load = Module._load;
       Module._load = function (name, ...rest) {
         appendFileSync(${JSON.stringify(names)}, name + '\\n');
         return load.call(this, name, ...rest);
       };`,
    );
    const running = start({ agent: { paths: [join(folder, 'log')] } }, { NODE_OPTIONS: `--require ${hook}` });
    await waitUntil('the start', () => said(running).find(({ msg }) => msg === 'Agent started.'), {
      saw: running.stderr,
    });
    await running.stop();

    const loaded = readFileSync(names, 'utf8').split('\n');
    expect(loaded).toContain('re2');
    expect(loaded.filter((name) => /^(?:@?fastify|prom-client|node:http$)/.test(name))).toEqual([]);
  });

  it('reads its settings again on SIGHUP, and keeps those of before when the file cannot be used', async () => {
    const [a, b] = [join(folder, 'log', 'a'), join(folder, 'log', 'b')];
    for (const path of [a, b]) mkdirSync(path);
    const config = join(folder, 'jobtrace.yaml');
    const running = start({ agent: { paths: [a], listen: '127.0.0.1:0' } });
    const url = `http://127.0.0.1:${await findPort(running)}/metrics`;
    const stored = async (count: number): Promise<void> => {
      await waitUntil(`${count} records`, async () => {
        const text = await (await fetch(url)).text();
        return text.includes(`jobtrace_agent_stored_records_total ${count}\n`) ? true : undefined;
      });
    };
    const hangUp = async (settings: string, answer: string): Promise<Record<string, unknown>> => {
      writeFileSync(config, settings);
      running.process.kill('SIGHUP');
      return waitUntil(answer, () => said(running).find(({ msg }) => String(msg).startsWith(answer)), {
        saw: running.stderr,
      });
    };
    writeFileSync(join(a, 'a.log'), lines(0, 3));
    await stored(3);

    const kept = await hangUp('agent: {path: [/x]}', 'The settings cannot be used');
    appendFileSync(join(a, 'a.log'), lines(3, 5));
    await stored(5);
    const text = JSON.stringify({
      dataDir: join(folder, 'data'),
      logLevel: 'debug',
      agent: { paths: [a, b], host: 'x' },
    });
    const changed = await hangUp(text, 'The settings were read again');
    writeFileSync(join(b, 'b.log'), lines(5, 9));
    await stored(9);

    expect(kept).toMatchObject({
      code: 'JT_CONFIG_INVALID',
      problem: expect.stringContaining('did you mean `paths`') as string,
    });
    expect(changed).toMatchObject({
      changed: ['agent.paths'],
      waitForRestart: expect.arrayContaining(['agent.host']) as string[],
    });
    expect(said(running)).toContainEqual(expect.objectContaining({ waitForRestart: ['logLevel'] }));
    expect(await running.stop()).toBe(0);
  });

  it('does not start at an address that cannot be used, and leaves its data folder to the next', async () => {
    const running = start({ agent: { paths: [join(folder, 'log')], listen: 'nowhere' } });

    expect(await running.ended).toBe(2);
    expect(running.stderr()).toContain('agent.listen is "nowhere", but must be HOST:PORT');
    const next = start({ agent: { paths: [join(folder, 'log')] } });
    await waitUntil('the start', () => said(next).find(({ msg }) => msg === 'Agent started.'), { saw: next.stderr });
  });
});
