// Route for assistants: the tools of the Model Context Protocol, one HTTP request for each message, with the token and
// the scope of the caller as everywhere in the API. The protocol is loaded at the first request.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { AssistantHooks } from './tool-context.js';
import { route, type AnswerTo, type Request, type Route, type Services } from '../http/route.js';

const ADDRESS = '/api/v1/mcp';
/** Limits for messages. Each message may be a log to diagnose, so a batch counts each of its messages. */
const QUESTIONS = { max: 16, maxPerViewer: 8, weigh: countMessages };
/** Largest number of messages in a batch. Batches are rare, and each message takes a place. */
const MAX_MESSAGES = 8;
const MAX_BYTES = 8 * 1_048_576;
/** Request headers that the protocol reads. */
const HEADERS = ['accept', 'content-type', 'mcp-protocol-version'] as const;

export function createAssistantRoutes(services: Services, hooks: AssistantHooks | undefined): readonly Route[] {
  if (hooks === undefined) return [];
  return [
    route({
      at: 'POST /api/v1/mcp',
      role: 'reader',
      tag: 'assistants',
      summary: 'The tools of an assistant (Model Context Protocol, streamable HTTP)',
      description: 'One JSON-RPC message in, one answer out, without a session; see docs/assistants.md.',
      maxBytes: MAX_BYTES,
      concurrency: QUESTIONS,
      handle: (request) => answerMessage(services, hooks, request),
    }),
    route({
      at: 'GET /api/v1/mcp',
      role: 'reader',
      tag: 'assistants',
      summary: 'Always 405: by it a client learns that nothing is sent unasked',
      handle: async () => {
        throw createError('JT_METHOD_REFUSED', { path: ADDRESS, method: 'GET' });
      },
    }),
  ];
}

function countMessages(body: unknown): number {
  return Array.isArray(body) ? Math.max(1, body.length) : 1;
}

async function answerMessage(
  services: Services,
  hooks: AssistantHooks,
  request: Request,
): Promise<AnswerTo<'POST /api/v1/mcp'>> {
  const count = countMessages(request.body);
  if (count > MAX_MESSAGES)
    throw createError('JT_REQUEST_INVALID', {
      problems: `the request has ${count} messages, but at most ${MAX_MESSAGES} are answered at once`,
    });
  const { answerHttp } = await import('./serve.js');
  const { language, publicUrl, now, version } = services;
  const context = { ...hooks, openStore: async () => request.store, language, publicUrl, now };
  const headers = Object.fromEntries(
    HEADERS.flatMap((name) => {
      const value = request.header(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const { status, body } = await answerHttp(context, { version, headers, body: request.body });
  if (isObject(body) || Array.isArray(body)) return { kind: 'json', body, status };
  return { kind: 'text', text: '', contentType: 'text/plain; charset=utf-8', status };
}
