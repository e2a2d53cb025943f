// Requests that are sent by halves: how long a head and a body may take, and how many bytes of unfinished bodies one
// caller may have here. A connection that sends nothing, or a byte a second, ends; it holds no place that another
// caller waits for, because server.ts counts a request only when its body is complete.
import { pipeline, Transform, type Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createError } from '../core/errors.js';

export interface RequestPace {
  /** How long the head of a request may take, and how long a body may come slowly. */
  readonly graceMs: number;
  /** After that a body must have brought so many bytes for each second. */
  readonly bytesPerSecond: number;
}

export const DEFAULT_PACE: RequestPace = { graceMs: 15_000, bytesPerSecond: 32 * 1024 };
const LOOKS = 15;

/** Ends the request when its body comes too slowly: with 408 (JT_REQUEST_SLOW), or where it is answered already. */
export function endSlowBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { graceMs, bytesPerSecond }: RequestPace,
): void {
  const { raw } = request;
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
  if (encoding === undefined && Number(length) === 0) return;
  const { socket } = raw;
  const [startMs, before] = [performance.now(), socket.bytesRead];
  const timer = setInterval(() => {
    if (raw.complete || socket.destroyed) return clearInterval(timer);
    const lateMs = performance.now() - startMs - graceMs;
    if (lateMs <= 0 || socket.bytesRead - before >= (lateMs / 1000) * bytesPerSecond) return;
    clearInterval(timer);
    if (reply.sent) socket.destroy();
    else
      reply.header('connection', 'close').send(createError('JT_REQUEST_SLOW', { seconds: Math.ceil(graceMs / 1000) }));
    reply.raw.once('close', () => socket.destroy());
  }, graceMs / LOOKS);
  timer.unref();
}

export interface BodyBudget {
  /** The same bytes; ends with JT_BUSY where the caller has too many unfinished ones. */
  meter(body: Readable, caller: string): Readable;
}

/** Counts the bytes that have come, not those that were announced. */
export function createBodyBudget(limits: { readonly bytes: number; readonly bytesOfCaller: number }): BodyBudget {
  const byCaller = new Map<string, number>();
  let all = 0;
  const add = (caller: string, bytes: number): void => {
    all += bytes;
    const own = (byCaller.get(caller) ?? 0) + bytes;
    if (own === 0) byCaller.delete(caller);
    else byCaller.set(caller, own);
  };
  return {
    meter(body, caller) {
      let held = 0;
      const metered = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          held += chunk.length;
          add(caller, chunk.length);
          const isFull = all > limits.bytes || (byCaller.get(caller) ?? 0) > limits.bytesOfCaller;
          if (isFull) done(createError('JT_BUSY', { most: 'a few', whose: ' while their bodies are that long' }));
          else done(null, chunk);
        },
      });
      metered.once('close', () => add(caller, -held));
      // The framework hears of an error by the stream that it reads.
      pipeline(body, metered, () => undefined);
      return metered;
    },
  };
}
