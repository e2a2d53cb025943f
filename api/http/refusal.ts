// Converts every error to an answer {error: {code, message, fix}}. Jobtrace's errors keep their status, errors of the
// web framework become Jobtrace errors, and any other error is a defect. Input that is not a valid HTTP request gets an
// answer in the same form.
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { createError, JobtraceError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import { DEFAULT_BODY_BYTES } from './body.js';
import { explainViolations } from './request.js';

const RETRY_AFTER_SECONDS = 5;

/**
 * Answers with an error. Jobtrace's errors keep their status, errors of the web framework become Jobtrace errors. Any
 * other error is a defect, which is logged only here.
 */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = explainError(error, request);
  if (known.code === 'JT_DEFECT') log.error({ err: error, route: request.routeOptions.url }, 'A request met a defect.');
  const status = known.code === 'JT_REQUEST_INVALID' && error.statusCode === 415 ? 415 : known.httpStatus;
  if (status === 429) reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="jobtrace"');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: { code: known.code, message: known.message, fix: known.fix } });
}

function explainError(error: FastifyError | JobtraceError, request: FastifyRequest): JobtraceError {
  if (error instanceof JobtraceError) return error;
  if (error.validation !== undefined) {
    const part = error.validationContext ?? 'body';
    const schema: unknown =
      request.routeOptions.schema?.[part === 'querystring' ? 'querystring' : part === 'params' ? 'params' : 'body'];
    return createError('JT_REQUEST_INVALID', {
      problems: explainViolations(error.validation, part, isObject(schema) ? schema : undefined),
    });
  }
  if (error.statusCode === 413)
    return createError('JT_REQUEST_TOO_LARGE', { maxBytes: request.routeOptions.bodyLimit ?? DEFAULT_BODY_BYTES });
  if (error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError)
    return createError('JT_REQUEST_INVALID', { problems: 'the body is not valid JSON' });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return createError('JT_REQUEST_INVALID', { problems: error.message });
  return createError('JT_DEFECT', {});
}

const BROKEN: Readonly<Record<string, readonly [status: string, problem: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'its address and headers are longer than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'it was not complete in time'],
};

/**
 * Answers input that is not HTTP or has headers that are too long, in the same form, because it never becomes a
 * request.
 */
export function answerBrokenRequest(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, problems] = BROKEN[error.code ?? ''] ?? ['400 Bad Request', 'it is no HTTP request that can be read'];
  const { code, message, fix } = createError('JT_REQUEST_INVALID', { problems });
  const body = JSON.stringify({ error: { code, message, fix } });
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // The socket is destroyed, so that a client that keeps sending or never closes holds no resources.
  socket.destroySoon();
}
