// JSON schemas of the API's answers about agents, its own health, and errors. The routes about Jobtrace itself use
// them.
import { described, integer, list, object, text, time } from './shape.js';

export const AGENT_LIST = object(
  {
    agents: list(
      object(
        {
          id: text,
          host: text,
          time,
          stopped: described(time, 'When it was stopped in order; absent while it runs.'),
          files: integer,
          lagBytes: integer,
          waitingBytes: described(integer, 'Of the lag, bytes in files that are found and not begun yet.'),
          atRiskBytes: described(integer, 'Of the lag, what stands in no file any more: lost if the agent ends now.'),
          heldBytes: described(integer, "What waits for the store in the agent's memory."),
          openFiles: integer,
          acknowledged: described(time, 'When the store last took a record of this agent.'),
          shippedRecords: integer,
          counters: { type: 'object', additionalProperties: { type: 'number' } },
          conditions: list(
            object(
              {
                code: text,
                severity: { type: 'string', enum: ['info', 'warning', 'error'] },
                message: described(text, 'In the language asked for; not for a token with a scope.'),
                fix: described(text, 'What to do, in the language asked for.'),
                since: time,
              },
              ['code', 'since'],
            ),
          ),
        },
        ['id', 'host', 'time', 'files', 'lagBytes', 'shippedRecords', 'counters', 'conditions'],
      ),
    ),
  },
  ['agents'],
);

export const ERROR = object({ error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']) }, [
  'error',
]);

export const LIVE = object({ status: { const: 'ok' }, version: text }, ['status']);

export const READY = object(
  { status: { const: 'ok' }, store: object({ kind: text, version: text }, ['kind', 'version']) },
  ['status', 'store'],
);

export const NOT_READY = object(
  {
    status: { const: 'unavailable' },
    error: object({ code: text, message: text, fix: text }, ['code', 'message', 'fix']),
  },
  ['status', 'error'],
);
