// The settings that every stage shares, and those of the store. settings.ts joins the tables; a new setting is a row
// here, in agent.ts or in service.ts.
import { LANGUAGES } from '../../types.js';
import type { SettingRow } from './row.js';

export const GENERAL = [
  {
    name: 'dataDir',
    type: 'path',
    default: '.jobtrace',
    env: 'JOBTRACE_DATA',
    help: 'Folder for the embedded store, checkpoints and dead letters.',
  },
  {
    name: 'language',
    type: 'string',
    default: 'en',
    values: LANGUAGES,
    help: 'Language of diagnoses on the command line and on the page when the reader has not chosen one.',
  },
  {
    name: 'logLevel',
    type: 'string',
    default: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    env: 'JOBTRACE_LOG_LEVEL',
    help: 'How much Jobtrace logs about itself, on standard error.',
  },
  {
    name: 'teams',
    type: 'teamDefinitions',
    default: [],
    help: 'Everything of a team in one place (docs/teams.md): a list of {name, patterns, groups, role, tokens, receivers, route, timeIntervals, mutes, rulesDir}.',
  },
  {
    name: 'include',
    type: 'paths',
    default: [],
    help: 'Files with more `teams`, such as teams.d/*.yaml; `*` stands for any part of a file name.',
  },
  {
    name: 'store.kind',
    type: 'string',
    default: 'sqlite',
    values: ['sqlite', 'elasticsearch'],
    help: 'Where records and incidents are kept: an embedded file for one machine, or Elasticsearch 8.19 or 9.',
  },
  {
    name: 'store.urls',
    type: 'strings',
    default: [],
    env: 'JOBTRACE_STORE_URL',
    help: 'Addresses of the Elasticsearch nodes.',
  },
  {
    name: 'store.username',
    type: 'string',
    default: '',
    env: 'JOBTRACE_STORE_USERNAME',
    help: 'Elasticsearch user, when no API key is used.',
  },
  {
    name: 'store.password',
    type: 'secret',
    default: '',
    env: 'JOBTRACE_STORE_PASSWORD',
    help: 'Password of that user.',
  },
  {
    name: 'store.apiKey',
    type: 'secret',
    default: '',
    env: 'JOBTRACE_STORE_API_KEY',
    help: 'Elasticsearch API key (encoded form).',
  },
  {
    name: 'store.caFile',
    type: 'path',
    default: '',
    help: 'PEM file of the certificate authority that signed the Elasticsearch certificate.',
  },
  {
    name: 'store.compress',
    type: 'boolean',
    default: true,
    help: 'Whether what is sent to Elasticsearch is compressed (gzip): about an eighth of the bytes for a sixth of the agent’s processor time; false where the network is the cheaper of the two.',
  },
  { name: 'store.indexPrefix', type: 'string', default: 'jobtrace', help: 'All indices begin with it.' },
  {
    name: 'store.retentionDays',
    type: 'integer',
    default: 30,
    minimum: 1,
    help: 'Records and incidents older than this many days are deleted.',
  },
] as const satisfies readonly SettingRow[];
