// Builds the OpenAPI document of the API (/openapi.json) and the page that shows it (/docs). Describes each route by
// its schemas and by the errors that it can answer.
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { omitMissing } from '../core/json.js';
import type { Route } from './http/route.js';
import { ADDRESSES, type Exchange } from './schemas/addresses.js';
import { ERROR } from './schemas/system.js';

/** Registers the document and its page; must run before the routes are registered. */
export function registerDocument(app: FastifyInstance, version: string): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Jobtrace',
        version,
        description:
          'Logs, incidents and diagnoses of Flink jobs. Times are ISO 8601 with zone; errors are {error: {code, message, fix}}.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'jobtrace' },
        },
      },
    },
  });
  app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

/** Returns the route's schema for fastify, including every error that it can answer. */
export function describeRoute(route: Route): Record<string, unknown> {
  const { params, query, body, bytes, answer, others }: Exchange = ADDRESSES[route.at];
  const received = body ?? bytes;
  const errors = Object.fromEntries(
    [
      ...(route.role === undefined ? [] : [401]),
      ...(route.concurrency === undefined ? [] : [429]),
      ...(route.refusals ?? []),
      ...(received === undefined ? [] : [413, 415]),
      ...[400, 403, 404, 431, 500, 503],
    ].map((status) => [status, ERROR]),
  );
  return {
    tags: [route.tag],
    summary: route.summary,
    ...omitMissing<string, unknown>({
      description: route.description,
      params,
      querystring: query,
      body: received,
      consumes: received && [body === undefined ? 'text/plain' : 'application/json'],
      security: route.role && [{ token: [] }, { session: [] }],
    }),
    response: { ...errors, ...omitMissing({ 200: answer }), ...others },
  };
}
