// Serves the tools by the Model Context Protocol: over standard input and output (`jobtrace mcp`), and as single HTTP
// requests (route.ts). It is the only module that imports the SDK, and is loaded only when an assistant is
// served.
import { PassThrough, type Readable } from 'node:stream';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { ToolContext } from './tool-context.js';
import { callTool, INSTRUCTIONS, listTools } from './tools.js';

function createToolServer(context: ToolContext, version: string): Server {
  const server = new Server({ name: 'jobtrace', version }, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listTools(context) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const answer = await callTool(context, params.name, params.arguments ?? {});
    if (answer === undefined) {
      const names = listTools(context).map(({ name }) => name);
      throw new McpError(ErrorCode.InvalidParams, `There is no tool "${params.name}"; there are ${names.join(', ')}.`);
    }
    return { content: [{ type: 'text' as const, text: answer.text }], isError: answer.isError };
  });
  return server;
}

export interface StdioOptions {
  readonly version: string;
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  readonly signal: AbortSignal;
}

/** Serves until the client closes the input or the signal aborts. */
export async function serveStdio(
  context: ToolContext,
  { version, stdin, stdout, signal }: StdioOptions,
): Promise<void> {
  const server = createToolServer(context, version);
  const ended = new Promise<void>((resolve) => {
    stdin.once('end', resolve);
    stdin.once('close', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  const output = new PassThrough();
  output.pipe(stdout, { end: false });
  await server.connect(new StdioServerTransport(stdin, output));
  await ended;
  await server.close();
}

export interface HttpMessage {
  readonly version: string;
  /** Request headers that the protocol reads. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * Answers one request without a session, so that any server of a fleet can handle it. `body` is undefined if the
 * protocol expects no answer.
 */
export async function answerHttp(
  context: ToolContext,
  { version, headers, body }: HttpMessage,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const server = createToolServer(context, version);
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
  });
  await server.connect(transport);
  try {
    const request = new Request('http://localhost/mcp', { method: 'POST', headers, body: JSON.stringify(body) });
    const response = await transport.handleRequest(request, { parsedBody: body });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } finally {
    await server.close();
  }
}
