// Declares the status of an agent, as it reports it to the store once in a while: its files, its lag, its counters, its
// conditions, and the processes whose files it follows.
import { COMPONENTS } from '../record.js';
import {
  described,
  either,
  integer,
  list,
  map,
  number,
  object,
  omit,
  optional,
  text,
  time,
  word,
  type Static,
} from './schema.js';

const ProcessReport = object({
  process: described(text, 'Name of the process as its records have it (`jobtrace.process`).'),
  cluster: text,
  component: optional(word(COMPONENTS)),
  wrote: described(time, 'Time at which one of its files was last written.'),
  started: optional(time, 'Time at which its JVM was started; absent if the agent cannot see it.'),
  gone: optional(time, 'Time at which the agent saw that this JVM was gone.'),
  removed: optional(time, 'Time at which the agent saw that none of its files existed any more.'),
});
/** Process whose files an agent follows, as the agent sees it. All times are of the agent's clock. */
export type ProcessReport = Static<typeof ProcessReport>;

const StatusCondition = object({
  code: described(text, 'Code of core/conditions.ts, or of another version of it.'),
  message: described(text, 'Message in English, for a reader that does not know the code.'),
  values: optional(
    map(either([text, number])),
    'Values that fill the message in any language; older agents report none.',
  ),
  since: time,
});
export type StatusCondition = Static<typeof StatusCondition>;

export const AgentStatus = object({
  id: described(text, 'Id of the agent: its machine and its data folder. Agents of older releases have the host name.'),
  host: text,
  time,
  stopped: optional(time, 'Time at which the agent was stopped in an orderly way; absent while it runs.'),
  files: integer,
  lagBytes: described(integer, 'Bytes in matched files that are not acknowledged yet.'),
  waitingBytes: optional(integer, 'Bytes of the lag in files that were found and are not started yet.'),
  atRiskBytes: optional(integer, 'Bytes of the lag whose file is gone: only the process of the agent still has them.'),
  heldBytes: optional(integer, "Bytes in the agent's memory of records that wait for the store."),
  openFiles: optional(integer),
  acknowledged: optional(time, 'Time at which the store last accepted a record of this agent.'),
  shippedRecords: integer,
  counters: map(number),
  conditions: described(list(StatusCondition), 'Conditions that a person should know.'),
  processes: optional(
    list(ProcessReport),
    'Processes that wrote recently, the latest first; older agents report none.',
  ),
});
export type AgentStatus = Static<typeof AgentStatus>;

const ShownCondition = object({
  code: text,
  severity: optional(word(['info', 'warning', 'error'])),
  message: optional(text, 'Message in the requested language; absent for a token with a scope.'),
  fix: optional(text, 'Recommended action in the requested language.'),
  since: time,
});
export type ShownCondition = Static<typeof ShownCondition>;

/** Agent as the API returns it, with its conditions in one language. */
export const ShownAgent = object({
  ...omit(AgentStatus, ['conditions']).properties,
  conditions: list(ShownCondition),
});
export type ShownAgent = Static<typeof ShownAgent>;
