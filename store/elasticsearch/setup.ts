// Prepares Elasticsearch before an installation runs: our index templates and, if security is on, a role for each of
// its parts, or API keys with the same rights. `plan` compares what exists, then `run` creates what is missing. What is
// as it should be is left alone, so that a second run changes nothing.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import { pause } from '../../core/time/wait.js';
import { openClient, readStatus, type ElasticsearchClient, type ElasticsearchSettings } from './client.js';
import { createTemplates, loadTemplateAges } from './templates.js';
import { buildTemplates, decideTemplate, describeSmallFields, listSmallIndices, nameSmallTemplate } from './mapping.js';
import { buildRole, decideRole, nameRole, ROLE_NAMES, type RoleName } from './roles.js';

/** Decision about a step. `unseen`: this user may not read what exists. */
export type SetupDecision = ReturnType<typeof decideTemplate> | ReturnType<typeof decideRole> | 'unseen';

export interface SetupStep {
  readonly kind: 'index template' | 'fields of the index' | 'role';
  readonly name: string;
  readonly decision: SetupDecision;
  readonly isChange: boolean;
  /** Path of a request to Elasticsearch's API: PUT with this body. */
  readonly path: string;
  readonly body: object;
}

export interface SetupPlan {
  readonly steps: readonly SetupStep[];
  /** State of Elasticsearch's security. If it is off, there are no roles. */
  readonly security: 'on' | 'off';
}

export interface Setup {
  readonly parts: readonly RoleName[];
  plan(): Promise<SetupPlan>;
  /** Creates what the plan says is missing, older or changed. Throws JT_STORE_DENIED if this user may not do that. */
  run(plan: SetupPlan): Promise<void>;
  /**
   * Creates an API key with the rights of that part, in the form of `store.apiKey`. Without `days` it never expires.
   */
  createKey(part: RoleName, days?: number): Promise<string>;
  /**
   * Ends the keys of that part that setup created, except the one with the id `kept`. Returns the number of ended keys.
   */
  retireKeys(part: RoleName, kept: string): Promise<number>;
  close(): Promise<void>;
}

const RETRY_MS = 1000;
const MAX_TRIES = 30;
const CHANGES: readonly SetupDecision[] = ['missing', 'older', 'changed', 'unseen'];

/** Opens the setup and does not connect yet. */
export function openElasticsearchSetup(settings: ElasticsearchSettings & { readonly indexPrefix: string }): Setup {
  const client = openClient(settings);
  const { indexPrefix: prefix } = settings;
  return {
    parts: ROLE_NAMES,
    plan: async () => {
      const [templates, roles] = await Promise.all([
        planTemplates(client, prefix, settings),
        planRoles(client, prefix),
      ]);
      return { steps: [...templates, ...(roles ?? [])], security: roles === undefined ? 'off' : 'on' };
    },
    run: async ({ steps }) => {
      // The same function as in all parts of an installation, which also saves notes for agents that may not read
      // templates.
      const { note } = await createTemplates(client, prefix, settings);
      await note();
      for (const role of steps) if (role.kind === 'role' && role.isChange) await putRole(client, role);
    },
    createKey: (part, days) => createKey(client, prefix, part, days),
    retireKeys: (part, kept) => retireKeys(client, prefix, part, kept),
    close: () => client.close(),
  };
}

async function planTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
): Promise<SetupStep[]> {
  const ages = await loadTemplateAges(client, prefix).catch((error: unknown) => {
    if (readStatus(error) === 403) return undefined;
    throw error;
  });
  const templates = Object.entries(buildTemplates(prefix, settings, 'analyzer')).map(([name, body]) => {
    const decision = ages === undefined ? 'unseen' : decideTemplate(ages.get(name));
    return step('index template', { name, decision, path: `/_index_template/${name}`, body });
  });
  const { decision } = templates.find(({ name }) => name === nameSmallTemplate(prefix)) ?? {};
  if (decision !== 'older' && decision !== 'changed') return templates;
  const body = { properties: describeSmallFields() };
  const fields = listSmallIndices().map((index) => {
    const name = `${prefix}-${index}`;
    return step('fields of the index', { name, decision, path: `/${name}/_mapping`, body });
  });
  return [...fields, ...templates];
}

/** Returns the steps for the roles, or undefined if security is off. */
async function planRoles(client: ElasticsearchClient, prefix: string): Promise<SetupStep[] | undefined> {
  const names = ROLE_NAMES.map((part) => nameRole(prefix, part));
  const { status, body } = await onceStarted(() =>
    client.send({
      method: 'GET',
      path: `/_security/role/${names.join(',')}`,
      // 400 and 405 (no handler): security is off. 404: none of the roles exists.
      expect: [400, 403, 404, 405],
    }),
  );
  if (status === 400 || status === 405) return undefined;
  return ROLE_NAMES.map((part) => {
    const [name, role] = [nameRole(prefix, part), buildRole(prefix, part)];
    const decision = status === 403 ? 'unseen' : decideRole(role, body[name]);
    return step('role', { name, decision, path: `/_security/role/${name}`, body: role });
  });
}

/**
 * Repeats a request that gets status 503, because an Elasticsearch that has just started answers before the index of
 * its roles can be read.
 */
async function onceStarted<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (readStatus(error) !== 503 || tries === MAX_TRIES) throw error;
      await pause(RETRY_MS);
    }
  }
}

function step(kind: SetupStep['kind'], rest: Omit<SetupStep, 'kind' | 'isChange'>): SetupStep {
  return { kind, ...rest, isChange: CHANGES.includes(rest.decision) };
}

async function putRole(client: ElasticsearchClient, { name, path, body }: SetupStep): Promise<void> {
  await withRight(client, `make the role ${name}`, client.send({ method: 'PUT', path, body }));
}

async function createKey(
  client: ElasticsearchClient,
  prefix: string,
  part: RoleName,
  days: number | undefined,
): Promise<string> {
  const body = {
    name: nameKey(prefix, part),
    expiration: days === undefined ? undefined : `${days}d`,
    role_descriptors: { [nameRole(prefix, part)]: buildRole(prefix, part) },
    metadata: { managed_by: 'jobtrace' },
  };
  const sent = client.send({ method: 'POST', path: '/_security/api_key', body });
  const answer = await withRight(client, `make a key for ${part}`, sent);
  return String(answer.body['encoded']);
}

function nameKey(prefix: string, part: RoleName): string {
  return `${prefix}-${part}`;
}

/** Ends only keys that setup created, because somebody else may have a key of that name. */
async function retireKeys(client: ElasticsearchClient, prefix: string, part: RoleName, kept: string): Promise<number> {
  const query = { name: nameKey(prefix, part), active_only: true };
  const asked = client.send({ method: 'GET', path: '/_security/api_key', query });
  const { body } = await withRight(client, `look at the keys of ${part}`, asked);
  const found = Array.isArray(body['api_keys']) ? body['api_keys'].filter(isObject) : [];
  const ids = found
    .filter(({ id, metadata }) => id !== kept && isObject(metadata) && metadata['managed_by'] === 'jobtrace')
    .map(({ id }) => id);
  if (ids.length === 0) return 0;
  const ended = client.send({ method: 'DELETE', path: '/_security/api_key', body: { ids } });
  await withRight(client, `end the keys of ${part}`, ended);
  return ids.length;
}

async function withRight<T>({ url }: ElasticsearchClient, what: string, sent: Promise<T>): Promise<T> {
  try {
    return await sent;
  } catch (error) {
    if (readStatus(error) !== 403) throw error;
    const problem = `this user may not ${what}: use one with manage_security, or give what --dry-run prints to whoever has that right`;
    throw createError('JT_STORE_DENIED', { url, problem }, error);
  }
}
