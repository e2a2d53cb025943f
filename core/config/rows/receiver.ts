// One receiver of alerts as the settings name it: its type, its schema, and what may stand in a file of its own. What
// each kind needs of it, and how it is spoken to, stands in its folder of notify/channels/.
import { LANGUAGES, type Language } from '../../types.js';
import type { ObjectRow } from './row.js';

export const RECEIVER_KINDS = [
  'webhook',
  'alertmanager',
  'dingtalk',
  'feishu',
  'wecom',
  'slack',
  'slack-app',
  'teams',
  'pagerduty',
  'email',
] as const;

/** Texts of a card that a template may take the place of. */
export const TEMPLATE_TEXTS = ['title', 'headline', 'summary', 'fix'] as const;

/** Liquid templates (notify/card/template.ts): each makes one text of a card, and links of one's own. */
export type CardTemplate = Readonly<Partial<Record<(typeof TEMPLATE_TEXTS)[number], string>>> & {
  readonly links?: readonly { readonly text: string; readonly url: string }[];
};

/** Where alerts go. `url` is a credential for most receivers: it is never logged. What each kind takes: its folder. */
export interface ReceiverSettings {
  readonly name: string;
  readonly kind: (typeof RECEIVER_KINDS)[number];
  readonly url: string;
  readonly language: Language;
  /** IANA name of the zone in which times are written; absent: UTC. */
  readonly zone?: string;
  /** Signs what is sent, in the way of its kind. */
  readonly secret?: string;
  /** Absent: as many as the service allows. */
  readonly perMinute?: number;
  /** A word that a chat's robot must find in each message. */
  readonly keyword?: string;
  /** Whom a chat calls when something fails: phone numbers, user ids, or `all`. */
  readonly mentions?: readonly string[];
  /** Of an e-mail: who sends it, and who gets it; of an app: into which conversation it writes. */
  readonly from?: string;
  readonly to?: readonly string[];
  /** Texts of one's own. */
  readonly template?: CardTemplate;
  /** Address of the proxy to it, or `none`; absent: what holds for all (`proxy.*`). */
  readonly proxy?: string;
  /** The receiver that gets what this one did not take. */
  readonly fallback?: string;
}

const TEXT = { type: 'string', minLength: 1 };
const URL_FORM = /^(?:http|smtp)s?:\/\//;

export const RECEIVER: ObjectRow = {
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'kind'],
    anyOf: [{ required: ['url'] }, { required: ['urlFile'] }],
    properties: {
      name: { type: 'string', minLength: 1 },
      kind: { enum: RECEIVER_KINDS },
      url: { type: 'string', pattern: URL_FORM.source, writeOnly: true },
      urlFile: { type: 'string' },
      language: { enum: LANGUAGES },
      secret: { type: 'string', writeOnly: true },
      secretFile: { type: 'string' },
      perMinute: { type: 'integer', minimum: 1 },
      zone: { type: 'string', minLength: 1 },
      keyword: { type: 'string', minLength: 1 },
      mentions: { type: 'array', items: { type: 'string', minLength: 1 } },
      from: { type: 'string', minLength: 1 },
      to: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
      template: {
        type: 'object',
        additionalProperties: false,
        properties: {
          ...Object.fromEntries(TEMPLATE_TEXTS.map((name) => [name, TEXT])),
          links: {
            type: 'array',
            maxItems: 3,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['text', 'url'],
              properties: { text: TEXT, url: TEXT },
            },
          },
        },
      },
      proxy: { type: 'string', minLength: 1, writeOnly: true },
      proxyFile: { type: 'string' },
      fallback: TEXT,
    },
  },
  defaults: { language: 'en' },
  secrets: {
    url: (content) => (URL_FORM.test(content) ? undefined : 'must begin with http://, https://, smtp:// or smtps://'),
    secret: (content) => (content === '' ? 'is empty' : undefined),
    proxy: (content) => (content === '' ? 'is empty' : undefined),
  },
};
