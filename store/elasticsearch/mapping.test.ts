import { describe, expect, it } from 'vitest';
import { FIELD_ROWS } from '../../core/record.js';
import { buildTemplates, decideTemplate, TEMPLATE_AGE } from './mapping.js';

describe('the index templates', () => {
  it('have an age of their own contents: more fields are newer, and settings change nothing', () => {
    const [logs] = Object.values(buildTemplates('p', { shards: 3, refreshMs: 10 }, 'analyzer'));

    expect(logs).toMatchObject({ version: TEMPLATE_AGE.version, _meta: { digest: TEMPLATE_AGE.digest } });
    expect(TEMPLATE_AGE.version).toBeGreaterThan(FIELD_ROWS.length);
    expect(JSON.stringify(logs)).toContain('"number_of_shards":3');
  });

  it('replace what is missing, has fewer fields or says something else, and leave a newer one alone', () => {
    const { version, digest } = TEMPLATE_AGE;

    expect(decideTemplate(undefined)).toBe('missing');
    expect(decideTemplate({ version: version - 1, digest })).toBe('older');
    expect(decideTemplate({ version, digest: 'another' })).toBe('changed');
    expect(decideTemplate({ version, digest })).toBe('same');
    expect(decideTemplate({ version: version + 1, digest: 'another' })).toBe('newer');
  });

  it('index the words of a message once, and under a second name that tells such an index from older ones', () => {
    const [logs] = Object.values(buildTemplates('p', {}, 'analyzer'));
    const [ownWords] = Object.values(buildTemplates('p', {}, 'document'));

    expect(logs).toMatchObject({
      template: {
        mappings: {
          properties: {
            message: { type: 'text', norms: false, analyzer: 'jobtrace_words' },
            'jobtrace.text': { type: 'alias', path: 'message' },
            'error.stack_trace': { copy_to: 'jobtrace.words' },
          },
        },
      },
    });
    expect(JSON.stringify(logs)).not.toContain('"message":{"type":"text","norms":false,"copy_to"');
    expect(JSON.stringify(ownWords)).not.toContain('jobtrace.text');
  });
});
