// Provides, for the tests of this folder, the names of metrics in a Prometheus expression, and what Jobtrace itself
// exposes at /metrics for the API, an agent and an analyzer, with everything counted once so that every series exists.
import { createAgentMetrics, createAnalyzerMetrics, createMetrics } from '../api/http/metrics.js';
import type { AnalyzerStatus } from '../core/types.js';
import type { AgentStatus } from '../core/documents/agent.js';

/**
 * Returns the metrics of Flink and of Jobtrace in an expression, without labels, functions and recorded series (with a
 * colon).
 */
export function listMetrics(expression: string): readonly string[] {
  const withoutTexts = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return [...withoutTexts.matchAll(/(?<![\w:])(?:flink|jobtrace|process)_\w+(?![\w:])/g)].map(([name]) => name);
}

const AGENT: AgentStatus = {
  id: 'h1',
  host: 'h1',
  time: '2026-11-20T10:00:00.000Z',
  files: 1,
  lagBytes: 1,
  shippedRecords: 1,
  counters: {},
  conditions: [{ code: 'JT_FILE_UNREADABLE', message: 'x', since: '2026-11-20T10:00:00.000Z' }],
};

const ANALYZER: AnalyzerStatus = {
  ...{ records: 1, parts: 1, clusters: 1, signals: 1, incidents: 1 },
  ...{ open: 1, heldBytes: 1, oldestUnreadMs: 0, takeovers: 0 },
  behindMs: 300,
  lastError: undefined,
};

/** Returns the text as Prometheus gets it, and the names of all its series (`_bucket`, `_sum` and `_count` too). */
export async function renderOwnMetrics(): Promise<{ readonly text: string; readonly sample: ReadonlySet<string> }> {
  const [api, analyzer] = [createMetrics('0.1.0'), createAnalyzerMetrics('0.1.0')];
  for (const counts of [api, analyzer]) {
    counts.countDelivery('webhook', 'sent');
    counts.observeMessage(2);
    counts.countStoreError('JT_STORE_UNREACHABLE');
    counts.showMessages(() => [{ receiver: 'oncall', state: 'waiting', count: 1, oldestMs: 1000 }]);
  }
  api.showSettings(() => undefined);
  api.showRules(() => []);
  api.showKeyEnd(() => Date.now());
  api.observeDiagnose(0.1);
  api.observeRequest('/api/v1/incidents', 200, 0.1);
  const agent = createAgentMetrics('0.1.0', {});
  const texts = [
    await api.renderText({
      agents: [AGENT],
      rules: 1,
      open: [{ value: 'session-a', count: 1 }],
      nowMs: Date.parse(AGENT.time),
    }),
    await agent.renderText(AGENT),
    await analyzer.renderText(ANALYZER, 1),
  ];
  const text = texts.join('\n');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { text, sample: new Set(lines.map((line) => /^\w+/.exec(line)?.[0] ?? '')) };
}
