// Declares the API's answers about agents, its own health, and errors. The routes about Jobtrace itself use them, and
// every route answers errors so.
import { ShownAgent } from '../../core/documents/agent.js';
import { described, integer, list, object, optional, text, typed } from '../../core/documents/schema.js';

export const AGENT_LIST = object({ agents: list(ShownAgent) });

const PROBLEM = object({ code: text, message: text, fix: text });

export const ERROR = object({ error: PROBLEM });

const OK = typed<'ok'>({ const: 'ok' });

export const LIVE = object({ status: OK, version: optional(text) });

export const READY = object({
  status: OK,
  store: object({ kind: text, version: text }),
  refusedRules: described(integer, 'Problems of rules in `analyzer.rulesDirs`; the rules before them stay in use.'),
});

export const NOT_READY = object({ status: typed<'unavailable'>({ const: 'unavailable' }), error: PROBLEM });
