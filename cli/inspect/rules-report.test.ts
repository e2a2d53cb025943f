import { describe, expect, it } from 'vitest';
import { readPlace, renderReport } from './rules-report.js';

const RESULTS = [
  { suite: 'a.b/c', name: 'a.b/c: 1 throws X: <y> & "z"', file: 'own/a/b/c.yaml:9:5', problem: undefined },
  {
    suite: 'a.b/c',
    name: 'a.b/c: 2 near \u0007',
    file: 'own/a/b/c.yaml:12:5',
    problem: 'this rule fires on its near miss',
  },
];

describe('the report of rule tests', () => {
  it('is JUnit XML with one test for each case, whatever its name holds', () => {
    expect(renderReport('junit', RESULTS)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jobtrace rules" tests="2" failures="1">
  <testsuite name="a.b/c" tests="2" failures="1">
    <testcase classname="a.b/c" name="a.b/c: 1 throws X: &lt;y&gt; &amp; &quot;z&quot;" file="own/a/b/c.yaml:9:5"/>
    <testcase classname="a.b/c" name="a.b/c: 2 near " file="own/a/b/c.yaml:12:5"><failure message="this rule fires on its near miss">own/a/b/c.yaml:12:5</failure></testcase>
  </testsuite>
</testsuites>
`);
  });

  it('is SARIF with the line of each failed case', () => {
    expect(JSON.parse(renderReport('sarif', RESULTS))).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'jobtrace', rules: [{ id: 'a.b/c' }] } },
          results: [
            {
              ruleId: 'a.b/c',
              message: { text: 'this rule fires on its near miss' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'own/a/b/c.yaml' },
                    region: { startLine: 12, startColumn: 5 },
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('finds the place in a problem of the catalog', () => {
    expect(readPlace('own/a.yaml:3:8 `owner` must be …')).toEqual({
      file: 'own/a.yaml:3:8',
      problem: '`owner` must be …',
    });
    expect(readPlace('no place')).toEqual({ file: '', problem: 'no place' });
  });
});
