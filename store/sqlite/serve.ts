// Serves the embedded store in its thread: opens the file, executes one call after the other, and answers each. The
// file that starts it is in cli/service/thread; lane.ts sends the calls.
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { JobtraceError, type ErrorCode } from '../../core/errors.js';
import { errorTrace } from '../../core/fault.js';
import type { DocumentPort } from '../collections.js';
import type { Collections, Store } from '../store.js';
import { StatementStopped } from './engine.js';
import { openSqliteStore, type SqliteSettings } from './sqlite.js';

export type ThreadStore = Omit<Store, keyof Collections> & DocumentPort;

/** Methods that a thread executes. The rest of the port needs no database (relay.ts). */
export type StoreMethod = Exclude<
  keyof ThreadStore,
  'encoding' | 'prepare' | 'countPartitions' | 'findPartition' | 'joinCursors' | 'findRefused' | 'removeRefused'
>;

export interface StoreThreadData {
  readonly settings: SqliteSettings;
  /** Shared memory with the number of the call that must end. */
  readonly stop: SharedArrayBuffer;
  /** True if the thread runs at low priority and leaves the processor to others. */
  readonly isPatient: boolean;
}

/** Call as it is sent to a thread: plain data. */
export interface StoreOrder {
  readonly id: number;
  readonly method: StoreMethod;
  readonly args: never[];
  /** Time limit of the call, in milliseconds; undefined for none. */
  readonly limitMs: number | undefined;
}

export type StoreReply<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly details: Readonly<Record<string, string | number>>;
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'defect'; readonly problem: string };

/** Number of the reply that says whether the store could be opened. */
export const OPENING = 0;
const PATIENT_PRIORITY = 10;

export async function serveStore(port: MessagePort, { settings, stop, isPatient }: StoreThreadData): Promise<void> {
  const stopped = new Int32Array(stop);
  let running = { id: OPENING, endMs: Infinity };
  const goesOn = (): boolean => performance.now() < running.endMs && Atomics.load(stopped, 0) !== running.id;
  if (isPatient) lowerPriority();
  const answer = async (id: number, work: () => unknown): Promise<void> => {
    const reply = await describe(work);
    port.postMessage([id, reply]);
  };
  let store: ThreadStore | undefined;
  await answer(OPENING, () => {
    store = openSqliteStore({ ...settings, goesOn });
  });
  const opened = store;
  if (opened === undefined) return;
  port.on('message', ({ id, method, args, limitMs }: StoreOrder) => {
    running = { id, endMs: limitMs === undefined ? Infinity : performance.now() + limitMs };
    const work: (...values: never[]) => unknown = opened[method];
    void answer(id, () => work(...args));
  });
}

async function describe(work: () => unknown): Promise<StoreReply<unknown>> {
  try {
    return { kind: 'done', result: await work() };
  } catch (error) {
    if (error instanceof StatementStopped) return { kind: 'stopped' };
    if (error instanceof JobtraceError) return { kind: 'refused', code: error.code, details: error.details };
    return { kind: 'defect', problem: errorTrace(error) };
  }
}

/** Lowers the priority of this thread. Only Linux has a priority for each thread. */
function lowerPriority(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), PATIENT_PRIORITY);
  } catch {
    // The thread then keeps the normal priority.
  }
}
