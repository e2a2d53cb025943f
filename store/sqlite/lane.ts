// Thread of the embedded store as its caller sees it: calls go in, promises come out. After a thread died, the next
// call opens it again.
import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { createError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import type { SqliteSettings } from './sqlite.js';
import { OPENING, type StoreMethod, type StoreOrder, type StoreReply, type StoreThreadData } from './serve.js';

/** Function that starts the thread in which serve.ts works. */
export type OpenThread = (data: StoreThreadData) => Worker;

export interface LaneOptions {
  readonly openThread: OpenThread;
  readonly settings: SqliteSettings;
  readonly isPatient?: boolean;
}

/** Method to be called, and its arguments: plain data. */
export interface Call {
  readonly method: StoreMethod;
  readonly args: readonly unknown[];
}

/** Error of a call that was ended by its time limit, by its caller, or by `close`. */
export class CallStopped extends Error {
  override readonly name = 'CallStopped';
}

export interface Lane {
  /** Opens the thread if it is not open. Throws the errors of opening the store. */
  open(): Promise<void>;
  /** Calls a method. Throws CallStopped, the errors of the method, and JT_STORE_UNREACHABLE if the thread died. */
  ask<Result>(
    call: Call,
    options?: { readonly limitMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<Result>;
  /** Ends the running call, and closes the store and the thread. */
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly stop: Int32Array;
  /** Emitter of the replies, each under the number of its call. */
  readonly replies: EventEmitter;
  readonly opened: Promise<unknown>;
  waiting: number;
  isOver: boolean;
}

const LAST_ID = 2 ** 31 - 1;

export function createLane(options: LaneOptions): Lane {
  let thread: Thread | undefined;
  let lastId = OPENING;
  const isOpen = (candidate: Thread | undefined): candidate is Thread => candidate?.isOver === false;
  const reach = async (): Promise<Thread> => {
    if (!isOpen(thread)) thread = startThread(options);
    const reached = thread;
    await reached.opened;
    return reached;
  };
  const ask = async <Result>(
    { method, args }: Call,
    { limitMs, signal }: { readonly limitMs?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Result> => {
    const reached = await reach();
    lastId = (lastId % LAST_ID) + 1;
    const id = lastId;
    const stop = (): void => void Atomics.store(reached.stop, 0, id);
    if (signal?.aborted === true) throw new CallStopped('the caller has gone');
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const reply = waitFor<Result>(reached, id, options.settings.path);
      const order: Omit<StoreOrder, 'args'> & { readonly args: readonly unknown[] } = { id, method, args, limitMs };
      reached.worker.postMessage(order);
      return await reply;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };
  return {
    open: async () => void (await reach()),
    ask,
    async close() {
      if (!isOpen(thread)) return;
      const closing = thread;
      Atomics.store(closing.stop, 0, lastId);
      await ask({ method: 'close', args: [] });
      closing.isOver = true;
      // Must follow `close`, because terminating a thread during a statement would end the process: Node's interface to
      // native code cannot throw then.
      await closing.worker.terminate();
    },
  };
}

function startThread({ openThread, settings, isPatient = false }: LaneOptions): Thread {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const stop = new Int32Array(shared);
  stop[0] = -1;
  const worker = openThread({ settings, stop: shared, isPatient });
  const replies = new EventEmitter().setMaxListeners(0);
  const waiting = { worker, stop, replies, waiting: 0, isOver: false };
  const thread: Thread = Object.assign(waiting, { opened: waitFor<unknown>(waiting, OPENING, settings.path) });
  // The callers of `ask` wait for it, so it is not an unhandled rejection.
  thread.opened.catch(() => undefined);
  worker.on('message', ([id, reply]: [number, StoreReply<unknown>]) => replies.emit(String(id), reply));
  const end = (problem: string): void => {
    thread.isOver = true;
    replies.emit('end', problem);
  };
  worker.once('error', (error) => end(errorText(error)));
  worker.once('exit', (code) => end(`its thread ended with ${code}`));
  return thread;
}

/** Waits for the reply to a call. The process stays alive while a reply is awaited, and no longer. */
function waitFor<Result>(thread: Omit<Thread, 'opened'>, id: number, path: string): Promise<Result> {
  const { worker, replies } = thread;
  if (thread.waiting++ === 0) worker.ref();
  return new Promise<Result>((resolve, reject) => {
    const name = String(id);
    const finish = (settle: () => void): void => {
      replies.off(name, read);
      replies.off('end', end);
      if (--thread.waiting === 0) worker.unref();
      settle();
    };
    const read = (reply: StoreReply<Result>): void =>
      finish(() => {
        if (reply.kind === 'done') resolve(reply.result);
        else reject(explainReply(reply));
      });
    const end = (problem: string): void =>
      finish(() => reject(createError('JT_STORE_UNREACHABLE', { url: path, problem })));
    replies.on(name, read);
    replies.on('end', end);
  });
}

function explainReply(reply: Exclude<StoreReply<unknown>, { readonly kind: 'done' }>): Error {
  if (reply.kind === 'stopped') return new CallStopped('the call was stopped');
  if (reply.kind === 'refused') return createError(reply.code, reply.details);
  return new Error(`The embedded store met a defect: ${reply.problem}`);
}
