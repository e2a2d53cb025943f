// Implements "jobtrace mcp": serves the tools of an assistant to the program that started it. Its modules are loaded
// when it runs, so that no other command loads them.
import { CONFIG_OPTION, DATA_OPTION, LANG_OPTION, STORE_OPTION, type Command } from '../command.js';

export const MCP: Command = {
  name: 'mcp',
  operands: '',
  summary: 'Run an MCP (Model Context Protocol) server for an assistant, on standard input and output.',
  options: [CONFIG_OPTION, DATA_OPTION, STORE_OPTION, LANG_OPTION],
  examples: ['jobtrace mcp --data /var/lib/jobtrace', 'jobtrace mcp --config /etc/jobtrace/jobtrace.yaml'],
  run: async (invocation) => (await import('../service/assistant.js')).runMcp(invocation),
};
