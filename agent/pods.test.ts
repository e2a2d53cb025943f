// Tests pods whose paths do not name their Flink cluster, with an API server of Kubernetes that does, must not, or
// cannot name it: a real HTTPS server with the answers of the API (PartialObjectMetadata and Status of meta/v1).
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../core/types.js';
import { lines, openAgentFixture, type AgentFixture } from '../test/agent-fixture.js';
import { waitUntil } from '../test/program.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const credentials = mkdtempSync(join(tmpdir(), 'jobtrace-pods-'));
const NATIVE = { app: 'orders', component: 'jobmanager', type: 'flink-native-kubernetes' };

let server: Server;
let address = '';
let answer: Answer = forbid;
let asked: IncomingMessage[] = [];
let fixture: AgentFixture | undefined;

beforeAll(async () => {
  const [key, cert] = [join(credentials, 'key.pem'), join(credentials, 'ca.crt')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=kubernetes'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  writeFileSync(join(credentials, 'token'), 'token-of-the-agent\n');
  server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume));
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(credentials, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function label(labels: Readonly<Record<string, string>>): Answer {
  return ({ url = '' }, response) => {
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(url) ?? [];
    send(response, 200, {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name, namespace, uid: '0b5d4f3e-6a41-4f0e-9f5e-0a7e0e1c2d3f', labels },
    });
  };
}

function forbid(_: IncomingMessage, response: ServerResponse): void {
  send(response, 403, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'pods "orders-0" is forbidden: User "system:serviceaccount:logs:jobtrace" cannot get resource "pods"',
    reason: 'Forbidden',
    details: { name: 'orders-0', kind: 'pods' },
    code: 403,
  });
}

function open(settings: { readonly kubernetes?: string } = {}): AgentFixture {
  return openAgentFixture({
    kubernetes: address,
    kubernetesDir: credentials,
    isStoreShared: true,
    ...settings,
  });
}

/** Writes a log of a pod of a StatefulSet; its path names neither cluster nor component. */
function writePod({ logs }: AgentFixture, name = 'orders-0', namespace = 'flink'): void {
  const folder = join(logs, 'pods', `${namespace}_${name}_0b5d4f3e-6a41-4f0e-9f5e-0a7e0e1c2d3f`, 'main');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '0.log'), lines(0, 3));
}

/** Reads records while the agent's clock hardly moves, so that it waits only for the server's answer. */
async function readRecords(of: AgentFixture, count: number): Promise<readonly LogRecord[]> {
  return waitUntil(`${count} records`, async () => {
    await of.poll(1, 1);
    await of.agent.flush();
    const records = await of.records();
    return records.length >= count ? records : undefined;
  });
}

function namesOf(records: readonly LogRecord[]): unknown {
  return [...new Set(records.map((record) => `${record['flink.cluster']} ${record['flink.component'] ?? '-'}`))].sort();
}

describe('a pod whose path names no cluster', () => {
  it('has the cluster and the component that its labels say', async () => {
    answer = label(NATIVE);
    fixture = open();
    writePod(fixture);

    expect(namesOf(await readRecords(fixture, 3))).toEqual(['flink/orders jobmanager']);
    expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/api/v1/namespaces/flink/pods/orders-0', 'Bearer token-of-the-agent'],
    ]);
    expect(fixture.conditions()).toEqual([]);
  });

  it('goes on without where that is forbidden: said once, and asked again later', async () => {
    answer = forbid;
    fixture = open();
    writePod(fixture);
    writePod(fixture, 'payments-0');

    expect(namesOf(await readRecords(fixture, 6))).toEqual(['node-1 -']);
    expect(fixture.conditions().filter((code) => code === 'JT_KUBERNETES_SILENT')).toHaveLength(1);

    answer = label(NATIVE);
    const before = asked.length;
    fixture.clock.offsetMs += 600_000;
    writePod(fixture, 'orders-1');

    expect(namesOf((await readRecords(fixture, 9)).slice(6))).toEqual(['flink/orders jobmanager']);
    expect(asked.length).toBe(before + 1);
    expect(fixture.conditions()).not.toContain('JT_KUBERNETES_SILENT');
  });

  it('is held up for three seconds by a server that does not answer, and no longer', async () => {
    answer = () => undefined;
    fixture = open();
    writePod(fixture);
    await fixture.poll(2, 1000);
    const early = await fixture.records();
    await fixture.poll(2, 2000);
    await fixture.agent.flush();

    expect(early).toEqual([]);
    expect(namesOf(await fixture.records())).toEqual(['node-1 -']);
  });

  it('goes on without where nobody listens', async () => {
    fixture = open({ kubernetes: 'https://127.0.0.1:1' });
    writePod(fixture);

    expect(namesOf(await readRecords(fixture, 3))).toEqual(['node-1 -']);
    expect(fixture.conditions()).toContain('JT_KUBERNETES_SILENT');
  });

  it('goes on without where an answer is no pod', async () => {
    answer = (_, response) => response.end('<html>a proxy</html>');
    fixture = open();
    writePod(fixture);

    expect(namesOf(await readRecords(fixture, 3))).toEqual(['node-1 -']);
  });

  it('keeps its ids and its place when an answer comes after a restart', async () => {
    answer = forbid;
    fixture = open();
    writePod(fixture);
    const before = await readRecords(fixture, 3);
    answer = label(NATIVE);
    fixture.restart();
    writeFileSync(
      join(fixture.logs, 'pods', 'flink_orders-0_0b5d4f3e-6a41-4f0e-9f5e-0a7e0e1c2d3f', 'main', '0.log'),
      lines(0, 5),
    );
    const after = await readRecords(fixture, 5);

    expect(after.slice(0, 3).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(new Set(after.map((record) => record['flink.cluster']))).toEqual(new Set(['node-1']));
  });
});

describe('a pod whose path says it all', () => {
  it('is asked for by nobody', async () => {
    answer = label({ app: 'another' });
    fixture = open();
    writePod(fixture, 'orders-taskmanager-1-1');

    expect(namesOf(await readRecords(fixture, 3))).toEqual(['flink/orders taskmanager']);
    expect(asked).toEqual([]);
  });
});

describe("Flink's own files in the volume of a pod", () => {
  const uids = ['11111111-aaaa-4444-8888-000000000001', '11111111-aaaa-4444-8888-000000000002'];

  function writeVolumes({ logs }: AgentFixture, names: readonly string[]): void {
    for (const [index, name] of names.entries()) {
      const folder = join(logs, 'pods', uids[index] ?? '', 'volumes', 'kubernetes.io~empty-dir', 'flink-logs');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${name}.log`), lines(0, 2));
    }
  }

  const listPods: Answer = (_, response) => {
    const items = uids.map((uid, index) => ({
      metadata: {
        uid,
        name: `pricing-taskmanager-1-${index}`,
        namespace: `team-${index}`,
        labels: { app: 'pricing', component: 'taskmanager' },
      },
    }));
    send(response, 200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', items });
  };

  it('are of the cluster that the labels and the namespace of the pod name, found by its UID', async () => {
    answer = listPods;
    fixture = open();
    writeVolumes(fixture, ['flink--kubernetes-taskmanager-0-pricing-taskmanager-1-1', 'own']);

    expect(namesOf(await readRecords(fixture, 4))).toEqual([
      'team-0/pricing taskmanager',
      'team-1/pricing taskmanager',
    ]);
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(asked[0]?.url).toBe('/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&resourceVersion=0');
  });

  it('are of the cluster in their own name where that is forbidden, and each pod has its own', async () => {
    answer = forbid;
    fixture = open();
    writeVolumes(fixture, [
      'flink--kubernetes-taskmanager-0-pricing-taskmanager-1-1',
      'flink--kubernetes-session-0-billing-7d8c9f6b4-abcde',
    ]);

    expect(namesOf(await readRecords(fixture, 4))).toEqual(['billing jobmanager', 'pricing taskmanager']);
    expect(fixture.conditions()).toContain('JT_KUBERNETES_SILENT');
  });
});
