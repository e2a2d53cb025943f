// The only door to prom-client: Jobtrace's own numbers for Prometheus. cli.ts hands the counting functions to the
// stages; what the agents report is read from the store when somebody asks. No label grows without bound: no job,
// host or user names.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AgentStatus } from '../store/store.js';

export type DeliveryResult = 'sent' | 'retry' | 'undeliverable';

export interface Metrics {
  readonly contentType: string;
  /** One alert tried at a receiver; `channel` is the receiver's kind. */
  countDelivery(channel: string, result: DeliveryResult): void;
  observeDiagnose(seconds: number): void;
  observeRequest(route: string, status: number, seconds: number): void;
  /** The text format, with what the agents and the catalog say at this moment. */
  renderText(state: { readonly agents: readonly AgentStatus[]; readonly rules: number }): Promise<string>;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'jobtrace_build_info',
    help: 'Version of this Jobtrace; always 1.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const started = new Gauge({
    name: 'jobtrace_start_timestamp_seconds',
    help: 'When this process started.',
    registers,
  });
  started.set(Math.floor(Date.now() / 1000 - process.uptime()));
  const deliveries = new Counter({
    name: 'jobtrace_alert_deliveries_total',
    help: 'Alerts tried at receivers.',
    labelNames: ['channel', 'result'],
    registers,
  });
  const diagnose = new Histogram({
    name: 'jobtrace_diagnose_duration_seconds',
    help: 'Time to diagnose a log or a part of the feed.',
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 15],
    registers,
  });
  const requests = new Histogram({
    name: 'jobtrace_http_request_duration_seconds',
    help: 'Time to answer a request.',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5],
    registers,
  });
  const fleet = createFleetMetrics(registry);
  return {
    contentType: registry.contentType,
    countDelivery: (channel, result) => deliveries.inc({ channel, result }),
    observeDiagnose: (seconds) => diagnose.observe(seconds),
    observeRequest: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    async renderText(state) {
      fleet(state);
      return registry.metrics();
    },
  };
}

/** Sums over all agents: their own counters go to the same store, so a fleet needs no scraping of its nodes. */
function createFleetMetrics(
  registry: Registry,
): (state: { readonly agents: readonly AgentStatus[]; readonly rules: number }) => void {
  const registers = [registry];
  const rules = new Gauge({ name: 'jobtrace_rules_loaded', help: 'Rules in the catalog.', registers });
  const agents = new Gauge({ name: 'jobtrace_agents', help: 'Agents that have reported.', registers });
  const files = new Gauge({ name: 'jobtrace_agent_files', help: 'Files that the agents follow.', registers });
  const lagBytes = new Gauge({
    name: 'jobtrace_agent_lag_bytes',
    help: 'Bytes in followed files that the store has not acknowledged.',
    registers,
  });
  const ingested = new Counter({
    name: 'jobtrace_lines_ingested_total',
    help: 'Entries that the agents have shipped since each started.',
    registers,
  });
  const conditions = new Gauge({
    name: 'jobtrace_agent_conditions',
    help: 'Agents that report this condition.',
    labelNames: ['code'],
    registers,
  });
  return (state) => {
    const sum = (read: (agent: AgentStatus) => number): number =>
      state.agents.reduce((total, agent) => total + read(agent), 0);
    rules.set(state.rules);
    agents.set(state.agents.length);
    files.set(sum((agent) => agent.files));
    lagBytes.set(sum((agent) => agent.lagBytes));
    ingested.reset();
    ingested.inc(sum((agent) => agent.shippedRecords));
    conditions.reset();
    for (const { code } of state.agents.flatMap((agent) => agent.conditions)) conditions.inc({ code });
  };
}
