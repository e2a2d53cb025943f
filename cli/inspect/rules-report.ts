// Renders the results of `rules test` and `rules check` for a CI step: JUnit XML for the list of tests, SARIF 2.1.0 for
// marks at the lines of a change. Pure functions.

/** Result of one case of a rule. */
export interface TestResult {
  /** Id of the rule or row. */
  readonly suite: string;
  readonly name: string;
  /** Place: a file, with line and column where they are known. */
  readonly file: string;
  /** Reason why it failed; undefined if it passed. */
  readonly problem: string | undefined;
}

/** Cuts a problem into its place and what is wrong there. */
export function readPlace(line: string): Pick<TestResult, 'file' | 'problem'> {
  const [, file, problem] = /^(.*?:\d+:\d+) (.*)$/s.exec(line) ?? [];
  return { file: file ?? '', problem: problem ?? line };
}

export function renderReport(format: string, results: readonly TestResult[]): string {
  return format === 'junit' ? renderJunit(results) : `${JSON.stringify(renderSarif(results), null, 2)}\n`;
}

function renderJunit(results: readonly TestResult[]): string {
  const suites = new Map<string, TestResult[]>();
  for (const result of results) suites.set(result.suite, [...(suites.get(result.suite) ?? []), result]);
  const failures = (all: readonly TestResult[]): number => all.filter(({ problem }) => problem !== undefined).length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="jobtrace rules" tests="${results.length}" failures="${failures(results)}">`,
  ];
  for (const [suite, own] of suites) {
    lines.push(`  <testsuite name="${escapeXml(suite)}" tests="${own.length}" failures="${failures(own)}">`);
    for (const { name, file, problem } of own) {
      const start = `    <testcase classname="${escapeXml(suite)}" name="${escapeXml(name)}" file="${escapeXml(file)}"`;
      if (problem === undefined) lines.push(`${start}/>`);
      else lines.push(`${start}><failure message="${escapeXml(problem)}">${escapeXml(file)}</failure></testcase>`);
    }
    lines.push('  </testsuite>');
  }
  return [...lines, '</testsuites>', ''].join('\n');
}

/** Escapes a text for an attribute; characters that XML 1.0 does not have are left out. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}

function renderSarif(results: readonly TestResult[]): object {
  const failed = results.flatMap(({ problem, ...rest }) => (problem === undefined ? [] : [{ ...rest, problem }]));
  const ids = [...new Set(failed.map(({ suite }) => suite))];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'jobtrace', rules: ids.map((id) => ({ id })) } },
        results: failed.map(({ suite, file, problem }) => ({
          ruleId: suite,
          level: 'error',
          message: { text: problem },
          locations: [{ physicalLocation: locate(file) }],
        })),
      },
    ],
  };
}

function locate(place: string): object {
  const [, file = place, line, column] = /^(.*?):(\d+):(\d+)$/.exec(place) ?? [];
  const region = { startLine: Number(line ?? 1), startColumn: Number(column ?? 1) };
  return { artifactLocation: { uri: file.replaceAll('\\', '/') }, region };
}
