// Exports Jobtrace's own metrics for Prometheus: those of the API with the reports of all agents in the store, and
// those of one agent or one analyzer. It is the only module that imports prom-client. Values are read at each scrape.
// No label grows without bound: none has the name of a job or a user, and hosts and clusters are the current ones, up
// to a limit. cli/service passes the counting functions to the stages.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describeLiveness } from '../../core/time/liveness.js';
import type { AnalyzerStatus } from '../../core/types.js';
import type { AgentStatus } from '../../core/documents/agent.js';

export type DeliveryResult = 'sent' | 'retry' | 'undeliverable';

/** Number of messages of one receiver that are not sent yet. */
export interface WaitingRow {
  readonly receiver: string;
  /**
   * State of the messages. "held": by a mute time of the route, by a silence, or because the incident is acknowledged.
   */
  readonly state: 'waiting' | 'held';
  readonly count: number;
  /** Time, in milliseconds, since the oldest message was due. */
  readonly oldestMs: number;
}

/** Metrics of a process that sends messages. */
export interface MessageCounts {
  /** Counts one attempt to deliver an alert to a receiver; `channel` is the receiver's kind. */
  countDelivery(channel: string, result: DeliveryResult): void;
  /** Records the seconds between the last line of a failure and the receiver's answer to the first message about it. */
  observeMessage(seconds: number): void;
  /** Adds the waiting messages to the metrics. */
  showMessages(read: () => readonly WaitingRow[]): void;
  /** Counts a failed request to the store by its error code. */
  countStoreError(code: string): void;
}

/** State of the store at the time of the scrape. */
export interface FleetState {
  readonly agents: readonly AgentStatus[];
  readonly rules: number;
  /** Clusters with open incidents, and the number of these. */
  readonly open?: readonly { readonly value: string; readonly count: number }[];
  readonly nowMs?: number;
}

export interface Metrics extends MessageCounts {
  readonly contentType: string;
  observeDiagnose(seconds: number): void;
  observeRequest(route: string, status: number, seconds: number): void;
  /** Adds the metrics of the analyzer in this process. */
  showAnalyzer(read: () => AnalyzerStatus): void;
  /** Adds the problem of the settings on disk; the function is called at each scrape. */
  showSettings(readProblem: () => string | undefined): void;
  /** Adds the number of problems of rules that were refused. */
  showRules(readProblems: () => readonly string[]): void;
  /** Adds the expiry of the store's key, in milliseconds since 1970; the function is called at each scrape. */
  showKeyEnd(readEnd: () => number | undefined): void;
  /** Renders the text format, with the current state of the agents and the catalog. */
  renderText(state: FleetState): Promise<string>;
}

export function createMetrics(version: string): Metrics {
  const registry = createRegistry(version);
  const registers = [registry];
  const { showWaiting, ...messages } = createMessageCounts(registry);
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
  let updateAnalyzer = (): void => undefined;
  return {
    contentType: registry.contentType,
    ...messages,
    observeDiagnose: (seconds) => diagnose.observe(seconds),
    observeRequest: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
    showSettings: createSettingsGauge(registry),
    showRules: createRulesGauge(registry),
    showKeyEnd: createKeyGauge(registry),
    showAnalyzer(read) {
      const update = createAnalyzerNumbers(registry);
      updateAnalyzer = () => update(read());
    },
    async renderText(state) {
      fleet(state);
      showWaiting();
      updateAnalyzer();
      return registry.metrics();
    },
  };
}

function createMessageCounts(registry: Registry): MessageCounts & { readonly showWaiting: () => void } {
  const registers = [registry];
  const deliveries = new Counter({
    name: 'jobtrace_alert_deliveries_total',
    help: 'Alerts tried at receivers.',
    labelNames: ['channel', 'result'],
    registers,
  });
  const latency = new Histogram({
    name: 'jobtrace_line_to_message_seconds',
    help: "From the last line of a failure to the receiver's answer, of first messages.",
    buckets: [1, 2, 5, 10, 20, 30, 60, 120, 300, 900],
    registers,
  });
  const errors = new Counter({
    name: 'jobtrace_store_errors_total',
    help: 'What this process asked of the store and what failed, by code (docs/errors.md).',
    labelNames: ['code'],
    registers,
  });
  const labelNames = ['receiver', 'state'] as const;
  const waiting = new Gauge({
    name: 'jobtrace_messages_waiting',
    help: 'Messages that are due and not sent; held: by a quiet time, a silence or an acknowledgement.',
    labelNames,
    registers,
  });
  const oldest = new Gauge({
    name: 'jobtrace_message_oldest_seconds',
    help: 'How long the oldest of these has been due.',
    labelNames,
    registers,
  });
  let read = (): readonly WaitingRow[] => [];
  return {
    countDelivery: (channel, result) => deliveries.inc({ channel, result }),
    observeMessage: (seconds) => latency.observe(seconds),
    countStoreError: (code) => errors.inc({ code }),
    showMessages: (next) => {
      read = next;
    },
    showWaiting: () => {
      for (const gauge of [waiting, oldest]) gauge.reset();
      for (const { receiver, state, count, oldestMs } of read()) {
        waiting.set({ receiver, state }, count);
        oldest.set({ receiver, state }, oldestMs / 1000);
      }
    },
  };
}

function createSettingsGauge(registry: Registry): Metrics['showSettings'] {
  return (readProblem) =>
    void new Gauge({
      name: 'jobtrace_settings_refused',
      help: '1 while the settings on the disk have mistakes, so that those before them stay in use.',
      registers: [registry],
      collect() {
        this.set(readProblem() === undefined ? 0 : 1);
      },
    });
}

function createRulesGauge(registry: Registry): Metrics['showRules'] {
  return (readProblems) =>
    void new Gauge({
      name: 'jobtrace_rules_refused',
      help: 'Problems of rules in the folders of analyzer.rulesDirs, while the rules before them stay in use.',
      registers: [registry],
      collect() {
        this.set(readProblems().length);
      },
    });
}

function createKeyGauge(registry: Registry): Metrics['showKeyEnd'] {
  return (readEnd) =>
    void new Gauge({
      name: 'jobtrace_store_key_end_timestamp_seconds',
      help: 'When the API key of the store ends; absent for one that does not.',
      registers: [registry],
      collect() {
        const end = readEnd();
        if (end === undefined) this.reset();
        else this.set(Math.floor(end / 1000));
      },
    });
}

function createRegistry(version: string): Registry {
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
  return registry;
}

/** Creates sums over all agents. The agents write their counters to the store, so that no node has to be scraped. */
function createFleetMetrics(registry: Registry): (state: FleetState) => void {
  const registers = [registry];
  const rules = new Gauge({ name: 'jobtrace_rules_loaded', help: 'Rules in the catalog.', registers });
  const agents = new Gauge({ name: 'jobtrace_agents', help: 'Agents that have reported.', registers });
  const silent = new Gauge({
    name: 'jobtrace_agents_silent',
    help: 'Agents without a report for 30 seconds that were not shut down normally.',
    registers,
  });
  const lastSeen = new Gauge({
    name: 'jobtrace_agent_last_seen_seconds',
    help: 'Seconds since the last report of an agent of this host that was not shut down normally.',
    labelNames: ['host'],
    registers,
  });
  const open = new Gauge({
    name: 'jobtrace_incidents_open',
    help: 'Incidents that go on, by cluster: those of the clusters with the most.',
    labelNames: ['cluster'],
    registers,
  });
  const showAgents = createAgentGauges(registry);
  const ingested = new Counter({
    name: 'jobtrace_lines_ingested_total',
    help: 'Entries that the agents have shipped since each started.',
    registers,
  });
  return (state) => {
    rules.set(state.rules);
    agents.set(state.agents.length);
    lastSeen.reset();
    open.reset();
    const liveness = describeLiveness(state.agents, state.nowMs ?? Date.now());
    silent.set(liveness.filter(({ isSilent }) => isSilent).length);
    for (const { host, sinceMs } of liveness) lastSeen.set({ host }, sinceMs / 1000);
    for (const { value, count } of state.open ?? []) open.set({ cluster: value }, count);
    showAgents(state.agents);
    ingested.reset();
    ingested.inc(state.agents.reduce((total, { shippedRecords }) => total + shippedRecords, 0));
  };
}

/** Gauges of one agent or of all agents together, under the same names. */
const AGENT_GAUGES: readonly {
  readonly name: string;
  readonly help: string;
  readonly read: (agent: AgentStatus) => number | undefined;
}[] = [
  { name: 'files', help: 'Files that are followed.', read: ({ files }) => files },
  { name: 'open_files', help: 'Descriptors of followed files.', read: ({ openFiles }) => openFiles },
  {
    name: 'lag_bytes',
    help: 'Bytes in matched files that the store has not acknowledged.',
    read: ({ lagBytes }) => lagBytes,
  },
  {
    name: 'waiting_bytes',
    help: 'Of these, bytes in files that were found and are not begun yet.',
    read: ({ waitingBytes }) => waitingBytes,
  },
  {
    name: 'at_risk_bytes',
    help: 'Part of the backlog whose file was deleted or replaced: lost if the agent stops before it is stored.',
    read: ({ atRiskBytes }) => atRiskBytes,
  },
  {
    name: 'held_bytes',
    help: 'Memory of records that wait for the store; reading stops at agent.budgetBytes.',
    read: ({ heldBytes }) => heldBytes,
  },
];

function createAgentGauges(registry: Registry): (agents: readonly AgentStatus[]) => void {
  const registers = [registry];
  const gauges = AGENT_GAUGES.map(({ name, help, read }) => ({
    gauge: new Gauge({ name: `jobtrace_agent_${name}`, help, registers }),
    read,
  }));
  const conditions = new Gauge({
    name: 'jobtrace_agent_conditions',
    help: 'Conditions of this code that agents report (docs/errors.md).',
    labelNames: ['code'],
    registers,
  });
  return (agents) => {
    for (const { gauge, read } of gauges) gauge.set(agents.reduce((total, agent) => total + (read(agent) ?? 0), 0));
    conditions.reset();
    for (const { code } of agents.flatMap((agent) => agent.conditions)) conditions.inc({ code });
  };
}

export interface AgentMetrics {
  readonly contentType: string;
  /** Renders the text format. */
  renderText(status: AgentStatus): Promise<string>;
}

/**
 * Creates the metrics that an agent's own process serves. `counters`: help text by counter name; a counter whose name
 * ends in `Ms` is exported in seconds.
 */
export function createAgentMetrics(version: string, counters: Readonly<Record<string, string>>): AgentMetrics {
  const registry = createRegistry(version);
  const registers = [registry];
  const showAgents = createAgentGauges(registry);
  const counts = Object.entries(counters).map(([name, help]) => ({
    name,
    counter: new Counter({ name: nameCounter(name), help: `${help[0]?.toUpperCase()}${help.slice(1)}.`, registers }),
  }));
  const acknowledged = new Gauge({
    name: 'jobtrace_agent_last_acknowledgement_timestamp_seconds',
    help: 'When the store last said that it has a record; 0: not since the start.',
    registers,
  });
  const showProcess = createProcessMetrics(registry);
  return {
    contentType: registry.contentType,
    async renderText(status) {
      showAgents([status]);
      for (const { name, counter } of counts) {
        counter.reset();
        counter.inc((status.counters[name] ?? 0) / (name.endsWith('Ms') ? 1000 : 1));
      }
      acknowledged.set(status.acknowledged === undefined ? 0 : Date.parse(status.acknowledged) / 1000);
      showProcess();
      return registry.metrics();
    },
  };
}

/** Returns the metric name of a counter: `readBytes` → `jobtrace_agent_read_bytes_total`. */
function nameCounter(name: string): string {
  const words = name.replace(/Ms$/, 'Seconds').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return `jobtrace_agent_${words}_total`;
}

export interface AnalyzerMetrics extends MessageCounts {
  readonly contentType: string;
  readonly showSettings: Metrics['showSettings'];
  readonly showRules: Metrics['showRules'];
  readonly showKeyEnd: Metrics['showKeyEnd'];
  /** Renders the text format. */
  renderText(status: AnalyzerStatus, rules: number): Promise<string>;
}

const ANALYZER_GAUGES: readonly {
  readonly name: string;
  readonly help: string;
  readonly read: (status: AnalyzerStatus) => number;
}[] = [
  { name: 'parts', help: 'Partitions that this analyzer owns; 0: standby.', read: ({ parts }) => parts },
  { name: 'clusters', help: 'Clusters in which something failed lately.', read: ({ clusters }) => clusters },
  { name: 'signals', help: 'Lines of these that it keeps in memory.', read: ({ signals }) => signals },
  { name: 'incidents', help: 'Incidents that may still change.', read: ({ incidents }) => incidents },
  {
    name: 'behind_seconds',
    help: 'Since it last had read all that was stored, or since its start.',
    read: ({ behindMs }) => behindMs / 1000,
  },
  {
    name: 'clock_ahead_seconds',
    help: "By how much this machine's clock is ahead of the store's.",
    read: ({ clockAheadMs = 0 }) => clockAheadMs / 1000,
  },
  {
    name: 'agent_clocks_off',
    help: "Nodes of agents whose clock differs by more than 30 s from the store's.",
    read: ({ agentClocksOff = 0 }) => agentClocksOff,
  },
  {
    name: 'oldest_unread_seconds',
    help: 'How long ago the first record was logged that it has not read; 0: it has read all. A takeover does not reset it.',
    read: ({ oldestUnreadMs }) => oldestUnreadMs / 1000,
  },
  { name: 'open_incidents', help: 'Incidents that go on.', read: ({ open }) => open },
  {
    name: 'held_bytes',
    help: 'About what it keeps of failing clusters in memory.',
    read: ({ heldBytes }) => heldBytes,
  },
  {
    name: 'failing',
    help: 'Whether its last step failed, as while the store is away.',
    read: ({ lastError }) => (lastError === undefined ? 0 : 1),
  },
];

/**
 * Creates the metrics that an analyzer's own process serves. They include those of messages, because this process sends
 * the alerts.
 */
export function createAnalyzerMetrics(version: string): AnalyzerMetrics {
  const registry = createRegistry(version);
  const { showWaiting, ...messages } = createMessageCounts(registry);
  const rules = new Gauge({ name: 'jobtrace_rules_loaded', help: 'Rules in the catalog.', registers: [registry] });
  const update = createAnalyzerNumbers(registry);
  const showProcess = createProcessMetrics(registry);
  return {
    contentType: registry.contentType,
    ...messages,
    showSettings: createSettingsGauge(registry),
    showRules: createRulesGauge(registry),
    showKeyEnd: createKeyGauge(registry),
    async renderText(status, ruleCount) {
      rules.set(ruleCount);
      showWaiting();
      update(status);
      showProcess();
      return registry.metrics();
    },
  };
}

function createAnalyzerNumbers(registry: Registry): (status: AnalyzerStatus) => void {
  const registers = [registry];
  const records = new Counter({
    name: 'jobtrace_analyzer_records_total',
    help: 'Records read since the start, without those that contain no word of the catalog.',
    registers,
  });
  const takeovers = new Counter({
    name: 'jobtrace_analyzer_takeovers_total',
    help: 'Parts that it took from an analyzer that had gone silent, since its start.',
    registers,
  });
  const gauges = ANALYZER_GAUGES.map(({ name, help, read }) => ({
    gauge: new Gauge({ name: `jobtrace_analyzer_${name}`, help, registers }),
    read,
  }));
  return (status) => {
    records.reset();
    records.inc(status.records);
    takeovers.reset();
    takeovers.inc(status.takeovers);
    for (const { gauge, read } of gauges) gauge.set(read(status));
  };
}

/** Creates the metrics of CPU, memory and uptime, under the names that every client library uses. */
function createProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  const cpu = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of this process, all threads.',
    registers,
  });
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of this process.',
    registers,
  });
  return () => {
    const { user, system } = process.cpuUsage();
    cpu.reset();
    cpu.inc((user + system) / 1e6);
    memory.set(process.memoryUsage.rss());
  };
}
