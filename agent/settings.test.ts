import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../core/config/load.js';
import { SETTINGS } from '../core/config/settings.js';
import { pickAgentSettings, shareSettings } from './settings.js';

/** Values other than the default, for every setting of the agent. */
const OTHER = {
  paths: ['/logs'],
  linksInto: ['/links'],
  host: 'node-7',
  cluster: 'orders',
  zone: 'Asia/Shanghai',
  minimumLevel: 'WARN',
  redactPatterns: ['cust-\\d+'],
  scanIntervalMs: 2000,
  kubernetes: 'https://10.0.0.1',
  kubernetesDir: '/credentials',
  watch: false,
  idleFlushMs: 3000,
  maxEntryBytes: 2048,
  budgetBytes: 2_000_000,
  maxBytesPerSecond: 9000,
  maxCores: 0.5,
  maxOpenFiles: 77,
  workers: 2,
  startFromEndAfterMs: 1,
  forgetAfterMs: 61_000,
  stopWithinMs: 2,
  listen: '127.0.0.1:9',
  certFile: '/tls/agent.pem',
  keyFile: '/tls/agent.key',
  readIntervalMs: 20,
  undecidedFlushMs: 60,
  quantumBytes: 3,
  batchBytes: 5000,
  batchRecords: 4,
  batchAgeMs: 5,
  inFlightBatches: 6,
  retryCapMs: 300,
  deadLetterBytes: 2_000_000,
  holdGoneMs: 7,
  copyWaitMs: 8,
};

function load(agent: object): ReturnType<typeof loadSettings> {
  return loadSettings({
    file: {
      path: 'jobtrace.yaml',
      text: JSON.stringify({ dataDir: '/data', agent }),
      resolvePath: (path) => path,
    },
    environment: {},
    flags: {},
    readIncluded: () => [],
    readSecret: () => '',
  });
}

describe('the settings of the agent', () => {
  it('are those of the settings file, every one of them', () => {
    const names = SETTINGS.map(({ name }) => name).filter((name) => name.startsWith('agent.'));

    expect(Object.keys(OTHER).map((name) => `agent.${name}`)).toEqual(names);
    expect(pickAgentSettings(load(OTHER).settings)).toEqual({ dataDir: '/data', isStoreShared: false, ...OTHER });
  });

  it('are shared out among workers, as far as they are limits in sum', () => {
    const whole = pickAgentSettings(load({ ...OTHER, workers: 3, inFlightBatches: 2 }).settings);

    const share = shareSettings(whole);

    expect(share).toEqual({
      ...whole,
      budgetBytes: 666_666,
      maxBytesPerSecond: 3000,
      maxOpenFiles: 25,
      inFlightBatches: 1,
    });
    expect(shareSettings({ ...whole, maxBytesPerSecond: 0 }).maxBytesPerSecond).toBe(0);
  });

  it('name this machine when nobody names it', () => {
    expect(pickAgentSettings(load({}).settings).host).toBe(hostname());
  });
});
