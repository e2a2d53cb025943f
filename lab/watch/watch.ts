// Runs Jobtrace next to a folder of logs, as its users start it: the built program in separate processes, on SQLite or
// on an Elasticsearch, and a receiver of its messages. Reports what was shown and sent so far.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobtraceError } from '../../core/errors.js';
import type { Incident } from '../../core/documents/incident.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { startProgram, startReceiver, waitUntil, type RunningProgram } from '../../test/program.js';
import { readMessage, type Message } from './replay.js';

export interface WatchPlace {
  /** Separate folder for settings, state and the embedded store. */
  readonly folder: string;
  /** Elasticsearch for the lines, with separate indices; undefined: SQLite. */
  readonly elasticsearch: { readonly url: string; readonly indexPrefix: string } | undefined;
}

export interface Watch {
  /** Every state in which an incident was observed; the store is polled twice a second. */
  readonly shown: readonly Incident[];
  /** Returns the messages, with times from the clock of this machine. */
  messages(): readonly Message[];
  incidents(): Promise<readonly Incident[]>;
  /** Stops all programs. Throws an error with the output of a program that did not end well. */
  close(): Promise<void>;
}

const LOOK_MS = 500;
const MAX_INCIDENTS = 1000;

export async function openWatch(logs: string, place: WatchPlace): Promise<Watch> {
  const receiver = await startReceiver();
  const programs = await startPrograms(logs, place, receiver.url);
  const store = await openStore(
    place.elasticsearch === undefined
      ? { kind: 'sqlite', path: join(place.folder, 'jobtrace.db'), readonly: true }
      : { kind: 'elasticsearch', nodes: [place.elasticsearch.url], indexPrefix: place.elasticsearch.indexPrefix },
  );
  const looks = startLooking(store);
  return {
    shown: looks.shown,
    messages: () => receiver.received.map(({ body, at }) => readMessage(body, at)),
    incidents: () => findIncidents(store),
    close: async () => {
      await looks.stop();
      const ends = await Promise.all(programs.map(async (program) => ({ program, code: await program.stop() })));
      await store.close();
      await receiver.close();
      const bad = ends.find(({ code }) => code !== 0);
      if (bad !== undefined) throw new Error(`Jobtrace ended with ${bad.code}: ${bad.program.stderr()}`);
    },
  };
}

async function startPrograms(
  logs: string,
  { folder, elasticsearch }: WatchPlace,
  webhook: string,
): Promise<readonly RunningProgram[]> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      dataDir: folder,
      agent: { paths: [logs], zone: 'UTC' },
      notify: { receivers: [{ name: 'live', kind: 'webhook', url: webhook }] },
      store:
        elasticsearch === undefined
          ? { kind: 'sqlite' }
          : { kind: 'elasticsearch', urls: [elasticsearch.url], indexPrefix: elasticsearch.indexPrefix },
    }),
  );
  if (elasticsearch !== undefined) return ['agent', 'analyzer'].map((part) => startProgram([part, '--config', config]));
  const up = startProgram(['up', '--config', config, '--listen', '127.0.0.1:0']);
  await waitUntil('jobtrace up', () => (/http:\/\/127\.0\.0\.1:\d+/.test(up.stdout()) ? true : undefined), {
    deadlineMs: 120_000,
    saw: () => [up.stdout(), up.stderr()],
  });
  return [up];
}

function startLooking(store: Store): { readonly shown: readonly Incident[]; stop(): Promise<void> } {
  const shown: Incident[] = [];
  const seen = new Set<string>();
  let goesOn = true;
  const look = async (): Promise<void> => {
    while (goesOn) {
      for (const incident of await findIncidents(store)) {
        const text = JSON.stringify(incident);
        if (!seen.has(text)) shown.push(incident);
        seen.add(text);
      }
      await sleep(LOOK_MS);
    }
  };
  const looking = look();
  // The rejection is reported by `stop`.
  looking.catch(() => undefined);
  return {
    shown,
    stop: () => {
      goesOn = false;
      return looking;
    },
  };
}

/** Returns the incidents, or none if the store cannot answer yet because its indices are being created. */
async function findIncidents(store: Store): Promise<readonly Incident[]> {
  try {
    return await store.findIncidents({ limit: MAX_INCIDENTS });
  } catch (error) {
    if (error instanceof JobtraceError && error.retryable) return [];
    throw error;
  }
}
