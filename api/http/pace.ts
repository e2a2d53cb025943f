// Limits slow and incomplete requests: the time for the headers and a body, and the bytes of unfinished bodies for each
// caller. A connection that sends nothing, or a byte a second, is closed. It occupies no place that another caller
// waits for, because server.ts counts a request only when its body is complete.
import { pipeline, Transform, type Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createError } from '../../core/errors.js';

export interface RequestPace {
  /** Longest time for the headers of a request, and the time in which a body may be slow; in milliseconds. */
  readonly graceMs: number;
  /** Smallest average rate of a body after the grace time, in bytes per second. */
  readonly bytesPerSecond: number;
}

export const DEFAULT_PACE: RequestPace = { graceMs: 15_000, bytesPerSecond: 32 * 1024 };
const CHECKS = 15;

/**
 * Ends a request whose body comes too slowly: answers 408 (JT_REQUEST_SLOW), or closes the connection if the request
 * was already answered.
 */
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
  }, graceMs / CHECKS);
  timer.unref();
}

export interface BodyBudget {
  /** Returns the same bytes. The stream fails with JT_BUSY if the caller has too many bytes of unfinished bodies. */
  meter(body: Readable, caller: string): Readable;
}

/** Creates a budget that counts received bytes, not announced ones. */
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
      let buffered = 0;
      const metered = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          buffered += chunk.length;
          add(caller, chunk.length);
          const isFull = all > limits.bytes || (byCaller.get(caller) ?? 0) > limits.bytesOfCaller;
          if (isFull) done(createError('JT_BUSY', { max: 'a few', scope: ' while their bodies are that long' }));
          else done(null, chunk);
        },
      });
      metered.once('close', () => add(caller, -buffered));
      // The web framework gets errors from the stream that it reads, so the callback ignores them.
      pipeline(body, metered, () => undefined);
      return metered;
    },
  };
}
