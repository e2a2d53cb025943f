// Reports the state of an agent: its name, its status, saved into the store every few seconds, and its health. A store
// that does not answer delays nothing else.
import { hashText } from '../core/hash.js';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeFault } from '../core/fault.js';
import { decideHealth, type ServiceHealth } from '../core/health.js';
import { pause } from '../core/time/wait.js';
import type { AgentStatus } from '../core/documents/agent.js';
import type { AgentSettings } from './settings.js';
import type { AgentState } from './state.js';
import { describeAgent, joinBoards } from './status.js';

const MACHINE_ID = '/etc/machine-id';
const HASH_LENGTH = 8;
const STATUS_EVERY_MS = 5000;
/**
 * Delay of the first status, in milliseconds. The first records come before it, because Elasticsearch creates one index
 * after the other.
 */
export const FIRST_STATUS_MS = 1000;
/** Longest time, in milliseconds, that a stopping agent waits for a store that does not answer. */
const LAST_STATUS_MS = 2000;
/**
 * Time, in milliseconds, after which the loop counts as stuck. It is longer than any scan and than a temporary slow
 * disk.
 */
const STUCK_AFTER_MS = 120_000;

/** Saves the status when it is due; does not start a second save while one is in flight. */
export async function saveStatus(agent: AgentState): Promise<void> {
  if (agent.now() < agent.nextStatus) return;
  agent.nextStatus = agent.now() + STATUS_EVERY_MS;
  touchLock(agent);
  agent.statusFlight ??= sendStatus(agent).finally(() => {
    agent.statusFlight = undefined;
  });
  await agent.statusFlight;
}

export async function saveLastStatus(agent: AgentState): Promise<void> {
  agent.isEnding = true;
  await Promise.race([saveOnceMore(agent), pause(LAST_STATUS_MS, undefined, true)]);
}

async function saveOnceMore(agent: AgentState): Promise<void> {
  await agent.statusFlight;
  agent.nextStatus = 0;
  await saveStatus(agent);
}

async function sendStatus(agent: AgentState): Promise<void> {
  try {
    await agent.store.agents.save(describeState(agent));
  } catch (error) {
    agent.log.debug({ problem: describeFault(error) }, 'The status could not be saved.');
  }
}

function touchLock({ lock, log }: AgentState): void {
  try {
    lock.touch();
  } catch (error) {
    log.debug({ problem: describeFault(error) }, 'The lock could not be touched.');
  }
}

export function describeState(agent: AgentState): AgentStatus {
  const { settings, follower, board, wallClock, now, id, processTracker, isEnding } = agent;
  const state = follower.describe();
  const { measured, acknowledgedAt } = state;
  return describeAgent({
    id,
    host: settings.host,
    now: wallClock(),
    isLast: isEnding,
    // Time of day of the acknowledgement, by the current clock.
    acknowledgedAt: acknowledgedAt === undefined ? undefined : wallClock() - (now() - acknowledgedAt),
    measured,
    board: joinBoards([board, state]),
    processes: processTracker.list(),
  });
}

export function describeHealth({ now, cycleStartedAt, hasScanned, follower }: AgentState): ServiceHealth {
  const state = follower.describe();
  const sinceCycleMs = now() - Math.min(cycleStartedAt, state.cycleStartedAt);
  return decideHealth({
    sinceCycleMs,
    stuckAfterMs: STUCK_AFTER_MS,
    hasBegun: hasScanned,
    outages: state.outages,
  });
}

/**
 * Returns the id of an agent, which stays the same after each restart and differs from that of any other agent, even if
 * two machines have the same host name or two agents run on one machine. For example `node7-1a2b3c4d`: the host for
 * people, and a hash of the machine id and the data folder.
 */
export function nameAgent(
  { host, dataDir }: Pick<AgentSettings, 'host' | 'dataDir'>,
  machine: string = readMachine(),
): string {
  return `${host}-${hashText(`${machine}\n${resolve(dataDir)}`, HASH_LENGTH)}`;
}

/** Returns the machine id, or an empty string if the system has none. */
function readMachine(): string {
  try {
    return readFileSync(MACHINE_ID, 'utf8').trim();
  } catch {
    // Containers and systems other than Linux have no such file: the data folder alone is used.
    return '';
  }
}
