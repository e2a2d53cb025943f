// Serves the built page at every address outside the API, with the compressed files of the build. Answers with a short
// text if the page is not built.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { createError } from '../core/errors.js';

const API_PATHS = /^\/(?:api|health|metrics|docs|openapi\.json)(?:\/|$)/;

/** Returns the folder of the page: dist/web, seen from dist/api (built) and from api (run from source). */
export function findWebDir(): string {
  const places = ['../web', '../dist/web'].map((place) => join(import.meta.dirname, place));
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0] ?? '';
}

export function registerPage(app: FastifyInstance, webDir: string): void {
  const isBuilt = existsSync(join(webDir, 'index.html'));
  if (isBuilt) {
    app.register(fastifyStatic, {
      root: webDir,
      wildcard: false,
      cacheControl: false,
      preCompressed: true,
      setHeaders: (reply, path) =>
        void reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    const isPageAddress = request.method === 'GET' && !API_PATHS.test(path) && !/\.\w+$/.test(path);
    if (!isPageAddress) throw createError('JT_NOT_FOUND', { what: `The address ${request.method} ${path}` });
    // Every other address belongs to the page, which has its own routes.
    if (isBuilt) return reply.sendFile('index.html');
    return reply
      .type('text/plain; charset=utf-8')
      .send('The page of Jobtrace is not built here. Build it with "npm run build", or use the API: /docs\n');
  });
}
