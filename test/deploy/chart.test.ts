// Tests the Helm chart: Helm itself lints and renders it, each object fits the Kubernetes type that it names, Jobtrace
// accepts its settings, and it meets the requirements of a security review.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadSettings } from '../../core/config/load.js';
import { getPart } from '../../lab/parts/parts.js';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';

const DOCKER = fileURLToPath(new URL('../../docker', import.meta.url));
const CHART = join(DOCKER, 'helm', 'jobtrace');
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly securityContext: unknown;
  readonly resources: { readonly requests?: unknown; readonly limits?: unknown };
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface PodSpec {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
}

interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
    readonly selector: { readonly matchLabels: Record<string, string> };
    readonly [field: string]: unknown;
  };
}

interface Rendered {
  readonly lint: readonly string[];
  readonly problems: readonly string[];
  readonly notes: string;
  readonly objects: readonly { readonly template: string; readonly object: KubernetesObject }[];
}

const EVERYTHING = {
  image: { repository: 'registry.example/jobtrace', digest: `sha256:${'a'.repeat(64)}` },
  imagePullSecrets: [{ name: 'pull' }],
  settings: {
    store: { urls: ['https://es-1:9200', 'https://es-2:9200'], caFile: '/etc/es/ca.crt' },
    api: { publicUrl: 'https://jobtrace.example' },
    notify: {
      receivers: [{ name: 'on-call', kind: 'webhook', urlFile: '/run/secrets/jobtrace/on-call-url', language: 'zh' }],
    },
  },
  secrets: { 'on-call-url': 'https://hooks.example/x', 'store-api-key': 'key' },
  agent: {
    stateHostPath: '',
    existingSecret: 'agent-key',
    priorityClassName: 'high',
    podAnnotations: { note: 'x' },
    extraVolumes: [{ name: 'ca', configMap: { name: 'es-ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/es' }],
  },
  analyzer: { replicas: 3, env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/es/ca.crt' }] },
  api: {
    ingress: {
      enabled: true,
      className: 'nginx',
      hosts: ['jobtrace.example'],
      tls: [{ hosts: ['jobtrace.example'], secretName: 'tls' }],
    },
  },
  networkPolicy: {
    apiFrom: [{ namespaceSelector: {} }],
    metricsFrom: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
  },
  serviceMonitor: {
    enabled: true,
    labels: { release: 'prometheus' },
    relabelings: [{ action: 'labeldrop', regex: 'pod' }],
  },
  prometheusRule: { enabled: true },
  dashboards: { enabled: true },
  flinkLogging: { namespaces: ['flink-a', 'flink-b'] },
};

async function render(values: object): Promise<Rendered> {
  const { home } = await getPart('helm');
  const file = join(folder, 'values.yaml');
  writeFileSync(file, stringify(values));
  const args = [CHART, '-namespace', 'jobs', '-values', file];
  return JSON.parse(execFileSync(join(home, 'bin', 'chart'), args, { encoding: 'utf8', maxBuffer: 64e6 }));
}

const find = ({ objects }: Rendered, kind: string): readonly KubernetesObject[] =>
  objects.map(({ object }) => object).filter((object) => object.kind === kind);
const podsOf = (rendered: Rendered): readonly KubernetesObject[] => [
  ...find(rendered, 'DaemonSet'),
  ...find(rendered, 'StatefulSet'),
];
const settingsOf = (rendered: Rendered, name: string): string =>
  find(rendered, 'ConfigMap').find((object) => object.metadata.name === 'jobtrace-settings')?.data?.[name] ?? '';

describeWithParts(['helm'], 'the chart', () => {
  it.each([
    ['as it is', {}],
    ['with everything', EVERYTHING],
    ['without agents', { agent: { enabled: false }, networkPolicy: { enabled: false } }],
    ['with nothing but agents', { analyzer: { enabled: false }, api: { enabled: false }, existingSecret: 'ours' }],
  ])('%s passes lint, and each object decodes strictly', async (_name, values) => {
    const { lint, problems, objects } = await render(values);

    expect(lint.filter((line) => !line.startsWith('[INFO]'))).toEqual([]);
    expect(problems).toEqual([]);
    expect(objects.length).toBeGreaterThan(5);
  });

  it('has a kind of object for each thing that an installation wants', async () => {
    const kinds = (await render(EVERYTHING)).objects.map(({ object }) => object.kind);

    for (const kind of [
      'DaemonSet',
      'StatefulSet',
      'Service',
      'ConfigMap',
      'Secret',
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'ServiceMonitor',
      'PrometheusRule',
      'Ingress',
      'Pod',
    ])
      expect(kinds).toContain(kind);
  });

  it.each([
    ['an unknown value', { agnet: {} }, 'agnet'],
    ['an unknown value further down', { api: { replica: 2 } }, 'replica'],
    ['the embedded store', { settings: { store: { kind: 'sqlite' } } }, 'kind'],
    ['a secret among the settings', { settings: { store: { apiKey: 'x' } } }, 'apiKey'],
    ['an API that everybody may use', { settings: { api: { tokens: [] } } }, 'settings.api.tokens is empty'],
  ])('refuses %s', async (_name, values, problem) => {
    const { problems, objects } = await render(values);

    expect(problems.join()).toContain(problem);
    expect(objects).toEqual([]);
  });

  it('gives settings that Jobtrace accepts, and to the agents no token and no receiver', async () => {
    const rendered = await render(EVERYTHING);
    const load = (name: string) =>
      loadSettings({
        file: { path: name, text: settingsOf(rendered, name), resolvePath: (path) => path },
        environment: {},
        flags: {},
        readIncluded: () => [],
        readSecret: (path) => (path.endsWith('url') ? 'https://hooks.example/x' : `content-of-${path}`),
      }).settings;

    expect(load('service.yaml')).toMatchObject({
      dataDir: '/data',
      'store.urls': ['https://es-1:9200', 'https://es-2:9200'],
      'api.listen': '0.0.0.0:8321',
      'analyzer.listen': '0.0.0.0:8323',
      'api.tokens': [{ role: 'author' }, { role: 'author' }, { role: 'reader' }],
      'notify.receivers': [{ name: 'on-call', language: 'zh' }],
    });
    expect(load('agent.yaml')).toMatchObject({ 'agent.listen': '0.0.0.0:8322', 'store.kind': 'elasticsearch' });
    expect(settingsOf(rendered, 'agent.yaml')).not.toMatch(/token|receivers/);
  });

  it('runs nothing as root, on root file systems that are read-only, with all that a review asks for', async () => {
    const rendered = await render(EVERYTHING);

    expect(podsOf(rendered).map(({ metadata }) => metadata.name)).toEqual([
      'jobtrace-agent',
      'jobtrace-analyzer',
      'jobtrace-api',
    ]);
    for (const { spec } of podsOf(rendered)) {
      const pod = spec.template.spec;
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, seccompProfile: {} });
      expect(pod.initContainers).toBeUndefined();
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toMatchObject({ requests: {}, limits: {} });
        const mounted = container.volumeMounts.map(({ name }) => name);
        expect(mounted.filter((name) => !pod.volumes.some((volume) => volume.name === name))).toEqual([]);
        for (const { name, readOnly } of container.volumeMounts)
          if (pod.volumes.find((volume) => volume.name === name)?.hostPath !== undefined) expect(readOnly).toBe(true);
      }
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    }
  });

  it('lets root do one thing alone, where the agent remembers on the node', async () => {
    const agent = find(await render({}), 'DaemonSet')[0]?.spec.template.spec;

    expect(agent?.initContainers).toMatchObject([
      {
        command: ['chown', '10001:0', '/data'],
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'], add: ['CHOWN'] },
        },
      },
    ]);
    expect(agent?.volumes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ hostPath: expect.objectContaining({ path: '/var/lib/jobtrace' }) }),
      ]),
    );
  });

  it('asks what serves about its health, and gives each part its key', async () => {
    const [agent, , api] = podsOf(await render(EVERYTHING)).map(({ spec }) => spec.template.spec.containers[0]);

    for (const container of [agent, api])
      expect(container).toMatchObject({
        livenessProbe: { httpGet: { path: '/health/live' } },
        readinessProbe: { httpGet: { path: '/health/ready' } },
      });
    expect(agent?.env).toContainEqual({
      name: 'JOBTRACE_STORE_API_KEY',
      valueFrom: { secretKeyRef: { name: 'agent-key', key: 'store-api-key', optional: true } },
    });
  });

  it('finds with each selector the pods that it is for', async () => {
    const rendered = await render(EVERYTHING);
    const pods = podsOf(rendered).map(({ spec }) => spec.template.metadata.labels);
    const fits = (selector: Readonly<Record<string, string>>): number =>
      pods.filter((labels) => Object.entries(selector).every(([key, value]) => labels[key] === value)).length;
    const monitor = find(rendered, 'ServiceMonitor')[0]?.spec.selector.matchLabels ?? {};
    const scraped = find(rendered, 'Service').filter(({ metadata }) =>
      Object.entries(monitor).every(([key, value]) => metadata.labels[key] === value),
    );

    for (const { spec } of find(rendered, 'PodDisruptionBudget')) expect(fits(spec.selector.matchLabels)).toBe(1);
    for (const { spec } of find(rendered, 'Service')) expect(fits(Object(spec.selector))).toBe(1);
    expect(scraped.map(({ metadata }) => metadata.name)).toEqual(['jobtrace-api']);
  });

  it('makes up a token for each that is named, and keeps those that are given', async () => {
    const rendered = await render({ secrets: { 'page-token': 'chosen-by-somebody' } });
    const { data = {} } = find(rendered, 'Secret')[0] ?? {};
    const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();

    expect(text('page-token')).toBe('chosen-by-somebody');
    expect(text('alerts-token')).toMatch(/^\w{40}$/);
    expect(text('metrics-token')).not.toBe(text('alerts-token'));
    expect(rendered.notes).toContain('jobtrace-secrets');
  });

  it('puts the logging configuration into every namespace that is named', async () => {
    const kits = find(await render(EVERYTHING), 'ConfigMap').filter(({ metadata }) =>
      metadata.name.endsWith('flink-logging'),
    );

    expect(kits.map(({ metadata }) => metadata.namespace)).toEqual(['flink-a', 'flink-b']);
    expect(kits[0]?.data?.['log4j-console.properties']).toBe(
      readFileSync(join(DOCKER, 'flink', 'log4j-console.properties'), 'utf8'),
    );
  });
});

describe('what the chart brings along', () => {
  it.each([
    ['log4j-console.properties', 'flink/log4j-console.properties'],
    ['logback-console.xml', 'flink/logback-console.xml'],
    ['rules.yaml', 'prometheus/rules.yaml'],
    ['dashboard.json', 'grafana/dashboard.json'],
  ])('%s is the same as docker/%s', (copy, original) => {
    expect(readFileSync(join(CHART, 'files', copy), 'utf8')).toBe(readFileSync(join(DOCKER, original), 'utf8'));
  });
});
