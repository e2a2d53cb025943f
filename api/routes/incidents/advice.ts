// Route for advice: which of the newest incidents one change (a Flink upgrade) would fix. Takes incidents of the store.
// The page computes the same from its listed incidents; a viewer with a scope gets the advice for its own jobs.
import { sumAdvice } from '../../../core/text/advice.js';
import { ADVICE } from '../../schemas/incidents.js';
import { QUERIES } from '../../schemas/queries.js';
import type { Answer, Request, Route } from '../../route.js';
import { readRange } from '../records.js';

const DEFAULT_INCIDENTS = 200;

export function createAdviceRoutes(): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/advice',
      role: 'reader',
      tag: 'incidents',
      summary: 'Defects of Flink among the newest incidents, by the version that mends them',
      query: QUERIES.advice,
      answers: { 200: ADVICE },
      handle: readAdvice,
    },
  ];
}

async function readAdvice({ query, store }: Request): Promise<Answer> {
  const found = await store.findIncidents({
    ...readRange(query),
    limit: query.number('limit') ?? DEFAULT_INCIDENTS,
  });
  const own = found.filter(({ platform }) => platform === undefined);
  return { kind: 'json', body: sumAdvice(own.map((item) => ({ ...item, diagnoses: item.diagnoses.en }))) };
}
