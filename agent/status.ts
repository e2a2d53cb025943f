// Counts what the agent does and keeps the conditions that a person should know: counters only grow, conditions come
// and go. Every file of this stage writes here; agent.ts saves the status into the store every few seconds.
import { toIso } from '../core/time/iso.js';
import { renderCondition, type ConditionCode, type ConditionValues } from '../core/conditions.js';
import type { AgentStatus, ProcessReport, StatusCondition } from '../core/documents/agent.js';

/** All counters, so that a reader sees everything that can happen. */
export const COUNTERS = {
  readBytes: 'bytes read',
  entries: 'entries read',
  cutEntries: 'entries cut because they were too long',
  cutBytes: 'bytes of over-long lines that were dropped',
  invalidEntries: 'entries with bytes that are no UTF-8',
  partialEntries: 'entries shipped before their end was known, or split',
  undatedEntries: 'entries without a usable time',
  redactedSpans: 'secrets replaced',
  droppedEntries: 'entries left out because they are below agent.minimumLevel and hold no word of the catalog',
  storedRecords: 'records that the store took',
  duplicateRecords: 'records that the store already had',
  collidedRecords: 'records whose id another entry has',
  refusedRecords: 'records that the store refused: kept aside in it, or in the dead letters of the node',
  droppedLetters: 'dead letters that were dropped because their space was used up',
  retriedRecords: 'records sent again because the store asked for it',
  failedBatches: 'batches that failed as a whole',
  truncatedFiles: 'files that were truncated or replaced in place',
  lostBytes: 'bytes that were deleted before they could be read',
  continuedFiles: 'copies and archives in which reading of a truncated or deleted file continued',
  resumedFiles: 'files continued at a remembered offset',
  newFiles: 'new files opened',
  joinedEntries: 'entries joined across a rotation',
  budgetWaitMs: 'time in which reading waited because agent.budgetBytes was spent',
  rateWaitMs: 'time in which reading waited because of agent.maxBytesPerSecond',
  cpuWaitMs: 'time in which reading waited because of agent.maxCores',
  binaryFiles: 'files that are not read because they hold no text',
} as const;

export type Counter = keyof typeof COUNTERS;

/** Read-only view of counters and conditions. */
export interface BoardView {
  readonly counters: Readonly<Record<string, number>>;
  readonly conditions: readonly BoardCondition[];
}

interface BoardCondition extends StatusCondition {
  readonly subject: string;
}

/** Counters and conditions of an agent, or of one of its followers. */
export interface Board extends BoardView {
  count(counter: Counter, by?: number): void;
  /**
   * Raises a condition. `subject` distinguishes conditions with the same code, as a path does; the first `since` stays.
   * Returns true if the condition is new.
   */
  raise<Code extends ConditionCode>(code: Code, values: ConditionValues<Code>, subject?: string): boolean;
  has(code: ConditionCode, subject?: string): boolean;
  /** Clears a condition. Returns true if it was raised. */
  clear(code: ConditionCode, subject?: string): boolean;
}

const MAX_SHOWN = 50;

export function createBoard(now: () => number): Board {
  const counters: Record<string, number> = Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, 0]));
  const conditions = new Map<string, BoardCondition>();
  return {
    count: (counter, by = 1) => {
      counters[counter] = (counters[counter] ?? 0) + by;
    },
    raise: (code, values, subject = '') => {
      const id = conditionId(code, subject);
      const known = conditions.get(id);
      const since = known?.since ?? toIso(now());
      conditions.set(id, { code, message: renderCondition(code, values, 'en'), values, since, subject });
      return known === undefined;
    },
    has: (code, subject = '') => conditions.has(conditionId(code, subject)),
    clear: (code, subject = '') => conditions.delete(conditionId(code, subject)),
    get counters() {
      return { ...counters };
    },
    get conditions() {
      return [...conditions.values()].slice(0, MAX_SHOWN);
    },
  };
}

function conditionId(code: string, subject: string): string {
  return `${code}\n${subject}`;
}

/** Joins boards: counters are added up, and a condition on several boards is shown once, since the earliest time. */
export function joinBoards(views: readonly BoardView[]): BoardView {
  const counters: Record<string, number> = {};
  const conditions = new Map<string, BoardCondition>();
  for (const view of views) {
    for (const [name, count] of Object.entries(view.counters)) counters[name] = (counters[name] ?? 0) + count;
    for (const condition of view.conditions) {
      const id = conditionId(condition.code, condition.subject);
      const known = conditions.get(id);
      if (known === undefined || condition.since < known.since) conditions.set(id, condition);
    }
  }
  return { counters, conditions: [...conditions.values()].slice(0, MAX_SHOWN) };
}

export interface StatusParts {
  readonly id: string;
  readonly host: string;
  /** True if the agent stops in order: this is its last status. */
  readonly isLast: boolean;
  readonly now: number;
  readonly acknowledgedAt: number | undefined;
  readonly measured: Pick<
    AgentStatus,
    'files' | 'openFiles' | 'lagBytes' | 'waitingBytes' | 'atRiskBytes' | 'heldBytes'
  >;
  readonly processes: readonly ProcessReport[];
  readonly board: BoardView;
}

export function describeAgent(parts: StatusParts): AgentStatus {
  const { id, host, now, isLast, acknowledgedAt, measured, board, processes } = parts;
  const time = toIso(now);
  const counters = board.counters;
  const shippedRecords = (counters['storedRecords'] ?? 0) + (counters['duplicateRecords'] ?? 0);
  return {
    id,
    host,
    time,
    ...(isLast ? { stopped: time } : {}),
    ...measured,
    acknowledged: toIso(acknowledgedAt),
    shippedRecords,
    counters,
    conditions: board.conditions.map(({ code, message, values, since }) => ({ code, message, values, since })),
    processes,
  };
}
