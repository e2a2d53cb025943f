// Route for the agents: what each agent last reported, with its lag and its conditions in the reader's language.
// A condition with an unknown code, from another version, has only its English text.
import { CONDITIONS, isConditionCode, renderCondition } from '../../core/conditions.js';
import type { Language } from '../../core/types.js';
import type { ShownCondition, StatusCondition } from '../../core/documents/agent.js';
import { readLanguage, route, type AnswerTo, type Request, type Route, type Services } from '../http/route.js';

const AT = 'GET /api/v1/agents';

export function createAgentRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: AT,
      role: 'reader',
      tag: 'agents',
      summary: 'Agents with lag and conditions',
      handle: (request) => listAgents(services, request),
    }),
  ];
}

async function listAgents(services: Services, request: Request<typeof AT>): Promise<AnswerTo<typeof AT>> {
  const agents = await request.store.agents.find();
  const language = readLanguage(services, request);
  return {
    kind: 'json',
    body: {
      agents: agents.map((agent) => ({
        ...agent,
        conditions: agent.conditions.map((condition) => showCondition(condition, language)),
      })),
    },
  };
}

/**
 * Returns a condition in the reader's language. A condition with an unknown code, from another version, has only its
 * English text; the store of a team hides the text.
 */
function showCondition({ code, message, values, since }: StatusCondition, language: Language): ShownCondition {
  const given = message === '' ? undefined : message;
  if (!isConditionCode(code)) return { code, message: given, since };
  const { severity, fix } = CONDITIONS[code];
  return {
    code,
    severity,
    message: values === undefined ? given : renderCondition(code, values, language),
    fix: fix[language],
    since,
  };
}
