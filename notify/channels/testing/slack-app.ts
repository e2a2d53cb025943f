// Test double of Slack's message methods. Checks requests by the rules of the service's pages, keeps posted messages,
// and answers with the service's words, all with status 200. Only tests import it.
import { openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface SlackWorkspace {
  readonly token: string;
  readonly channel: string;
  readonly error?: string;
  /** True if the workspace forbids changes of messages. */
  readonly forbidsEdits?: boolean;
  /** True if the workspace does not support rich text. */
  readonly refusesBlocks?: boolean;
}

export interface PostedMessage {
  readonly ts: string;
  readonly thread?: string | undefined;
  readonly text: string;
}

export interface SlackDouble extends Double {
  /** Current messages in the order of posting. A test may delete from it. */
  readonly messages: PostedMessage[];
}

export async function openSlackApp(workspace: SlackWorkspace, nowMs: number): Promise<SlackDouble> {
  const messages: PostedMessage[] = [];
  const double = await openDouble(
    (request) => judge(request, workspace, messages),
    ({ text }) => JSON.parse(text).ok === true,
    nowMs,
  );
  return Object.assign(double, { messages });
}

function judge(request: DoubleRequest, workspace: SlackWorkspace, messages: PostedMessage[]): DoubleAnswer {
  const { method, url, contentType, headers, text } = request;
  const name = url.pathname.replace('/api/', '');
  if (method !== 'POST' || !contentType.startsWith('application/json')) return refuse('invalid_post_type');
  if (headers['authorization'] === undefined) return refuse('not_authed');
  if (headers['authorization'] !== `Bearer ${workspace.token}`) return refuse('invalid_auth');
  if (workspace.error !== undefined) return refuse(workspace.error);
  const { channel, ts, thread_ts: thread, text: shown, blocks } = Object(JSON.parse(text));
  if (channel !== workspace.channel) return refuse('channel_not_found');
  if (typeof shown !== 'string' || shown === '') return refuse('no_text');
  if (blocks !== undefined && (!Array.isArray(blocks) || workspace.refusesBlocks === true))
    return refuse('invalid_blocks');
  if (name === 'chat.update') {
    const place = messages.findIndex((message) => message.ts === ts);
    if (place === -1) return refuse('message_not_found');
    if (workspace.forbidsEdits === true) return refuse('edit_window_closed');
    messages[place] = { ts, text: shown };
    return say({ ok: true, channel, ts, text: shown });
  }
  if (name !== 'chat.postMessage') return refuse('unknown_method');
  if (thread !== undefined && !messages.some((message) => message.ts === thread)) return refuse('thread_not_found');
  const posted = `${Math.floor(request.nowMs / 1000)}.${String(messages.length).padStart(6, '0')}`;
  messages.push({ ts: posted, thread, text: shown });
  return say({ ok: true, channel, ts: posted, message: { text: shown } });
}

function refuse(error: string): DoubleAnswer {
  return say({ ok: false, error });
}

function say(answer: object): DoubleAnswer {
  return { status: 200, text: JSON.stringify(answer), headers: { 'content-type': 'application/json' } };
}
