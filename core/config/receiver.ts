// Defines one receiver of alerts in the settings: its type, its schema, and which values may be in a file of their own.
// The folder of each kind in notify/channels/ has the rest of its requirements and its protocol.
import { LANGUAGES, type Language } from '../types.js';
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

/** Texts of a card that a template may replace. */
export const TEMPLATE_TEXTS = ['title', 'headline', 'summary', 'fix'] as const;

/** Liquid templates (notify/card/template.ts). Each renders one text of a card, and `links` adds links. */
export type CardTemplate = Readonly<Partial<Record<(typeof TEMPLATE_TEXTS)[number], string>>> & {
  readonly links?: readonly { readonly text: string; readonly url: string }[];
};

/**
 * Destination of alerts. `url` is a credential for most receivers and is never logged. The folder of each kind shows
 * which fields it uses.
 */
export interface ReceiverSettings {
  readonly name: string;
  readonly kind: (typeof RECEIVER_KINDS)[number];
  readonly url: string;
  readonly language: Language;
  /** IANA name of the time zone for times in messages; absent: UTC. */
  readonly zone?: string;
  /** Secret that signs messages, in the way of the receiver's kind. */
  readonly secret?: string;
  /** Limit of messages a minute; absent: as many as the service allows. */
  readonly perMinute?: number;
  /** Word that a chat's robot requires in each message. */
  readonly keyword?: string;
  /** People that a chat mentions in a failure: phone numbers, user ids, or `all`. */
  readonly mentions?: readonly string[];
  /** Sender and recipients of an e-mail. `to` is the conversation for an app. */
  readonly from?: string;
  readonly to?: readonly string[];
  /** Templates for the texts of a card. */
  readonly template?: CardTemplate;
  /** Address of the proxy to the receiver, or `none`; absent: the general setting (`proxy.*`). */
  readonly proxy?: string;
  /** Receiver that gets the messages that this one did not accept. */
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
