import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { cleanLinks, mayHaveLinks } from './link.js';
import { splitText } from './read.js';

const CATALOG = loadCatalog();
const trace = (io: string): string =>
  [
    'org.apache.flink.api.common.InvalidProgramException: The implementation of the MapFunction is not serializable.',
    '\tat org.apache.flink.api.java.ClosureCleaner.clean(ClosureCleaner.java:164)',
    `Caused by: ${io}.NotSerializableException: com.acme.orders.Client`,
    `\tat ${io}.ObjectOutputStream.writeObject0(ObjectOutputStream.java:1184)`,
  ].join('\n');

const LINKS = {
  Slack: '<http://java.io|java.io>',
  Markdown: '[java.io](http://java.io/)',
  Jira: '[java.io|http://java.io]',
  'a mail': 'java.io <http://java.io>',
  'a page': '<a href="http://java.io" rel="nofollow">java.io</a>',
};

describe('a log in which names of classes became links', () => {
  for (const [name, link] of Object.entries(LINKS)) {
    it(`is read as if ${name} had left them alone`, () => {
      expect(mayHaveLinks(trace(link))).toBe(true);
      expect(cleanLinks(trace(link))).toBe(trace('java.io'));
      expect(
        flattenIncidents(diagnose(splitText(trace(link)), CATALOG), 'en').diagnoses.map(({ rule }) => rule),
      ).toEqual(['code.not-serializable/closure']);
    });
  }

  it('keeps addresses and links to something else', () => {
    const text =
      'See [the page](https://acme.com/flink) or <https://acme.com/flink|the page>, acme.com <https://flink.acme.com>, http://java.io';

    expect(mayHaveLinks(text)).toBe(false);
    expect(cleanLinks(text)).toBe(text);
  });
});
