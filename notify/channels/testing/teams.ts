// Test double of a Teams workflow. Checks requests by the rules of the flow's trigger and its card action, and answers
// as they do, or as the old connectors did, with 200 and a failure in the text. Only tests import it.
import { openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface TeamsFlow {
  readonly signature: string;
  /** True for an old connector, whose failures have status 200. */
  readonly isConnector?: boolean;
  readonly maxBytes?: number;
}

export function openTeams(flow: TeamsFlow, nowMs: number): Promise<Double> {
  return openDouble(
    (request) => judge(request, flow),
    ({ text, status }) => status === 202 || text === '1',
    nowMs,
  );
}

function judge({ method, url, contentType, text }: DoubleRequest, flow: TeamsFlow): DoubleAnswer {
  const { signature, isConnector = false, maxBytes = 28_672 } = flow;
  if (method !== 'POST' || !contentType.startsWith('application/json'))
    return refuse(400, 'InvalidRequest', isConnector);
  if (url.searchParams.get('sig') !== signature) return refuse(401, 'DirectApiAuthorizationRequired', isConnector);
  if (Buffer.byteLength(text) > maxBytes) return refuse(413, 'Request entity too large', isConnector);
  if (!isMessage(JSON.parse(text))) return refuse(400, 'TriggerInputSchemaMismatch', isConnector);
  return isConnector ? { status: 200, text: '1' } : { status: 202, text: '' };
}

function refuse(status: number, code: string, isConnector: boolean): DoubleAnswer {
  if (isConnector)
    return {
      status: 200,
      text: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId tcid=0,server=X.`,
    };
  return { status, text: JSON.stringify({ error: { code, message: code } }) };
}

const RUN_KEYS = ['type', 'text', 'weight', 'size', 'color', 'isSubtle', 'italic', 'fontType'];

function isMessage(body: unknown): boolean {
  const { type, attachments } = Object(body);
  const [attachment] = Array.isArray(attachments) ? attachments : [];
  const { contentType, content } = Object(attachment);
  const { type: kind, version, body: blocks, actions, msteams } = Object(content);
  return (
    type === 'message' &&
    contentType === 'application/vnd.microsoft.card.adaptive' &&
    kind === 'AdaptiveCard' &&
    version === '1.4' &&
    Array.isArray(blocks) &&
    blocks.every((block) => isRichText(block) || isCall(block, Object(msteams).entities)) &&
    Array.isArray(actions) &&
    actions.every((action: unknown) => Object(action).type === 'Action.OpenUrl' && URL.canParse(Object(action).url))
  );
}

/** True if the card's entities explain each name in the block. */
function isCall(block: unknown, entities: unknown): boolean {
  const { type, text } = Object(block);
  const known = (Array.isArray(entities) ? entities : []).map((entity: unknown) => Object(entity));
  const isExplained = (name: string): boolean =>
    known.some(
      (entity) => entity.type === 'mention' && entity.text === name && Object(entity.mentioned).id !== undefined,
    );
  return type === 'TextBlock' && typeof text === 'string' && text.split(' ').every(isExplained);
}

function isRichText(block: unknown): boolean {
  const { type, inlines } = Object(block);
  return (
    type === 'RichTextBlock' &&
    Array.isArray(inlines) &&
    inlines.every(
      (run: unknown) =>
        Object(run).type === 'TextRun' && Object.keys(Object(run)).every((key) => RUN_KEYS.includes(key)),
    )
  );
}
