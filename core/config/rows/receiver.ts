// One receiver of alerts as the settings name it: its type, its schema, and what may stand in a file of its own. The
// channel that each kind goes through stands in notify/channels/table.ts.
import { LANGUAGES, type Language } from '../../types.js';
import type { ObjectRow } from './row.js';

export const RECEIVER_KINDS = ['webhook', 'alertmanager'] as const;

/** Where alerts go. `url` is a credential for most receivers: it is never logged. */
export interface ReceiverSettings {
  readonly name: string;
  readonly kind: (typeof RECEIVER_KINDS)[number];
  readonly url: string;
  readonly language: Language;
  /** Signs the body (HMAC-SHA256) in the header X-Jobtrace-Signature. */
  readonly secret?: string;
  readonly perMinute: number;
}

const URL_FORM = /^https?:\/\//;

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
    },
  },
  defaults: { language: 'en', perMinute: 60 },
  secrets: {
    url: (content) => (URL_FORM.test(content) ? undefined : 'must begin with http:// or https://'),
    secret: (content) => (content === '' ? 'is empty' : undefined),
  },
};
