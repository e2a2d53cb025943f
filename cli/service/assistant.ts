// Provides the engine for an assistant's tools: rules in words, drafts, and diagnoses of logs that are not stored.
// mcp.ts serves the tools over standard input and output; server.ts passes the same functions to the API.
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { wantedBy } from '../../analyzer/catalog/wanted.js';
import type { Rule } from '../../analyzer/catalog/rule.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../../analyzer/incident/document.js';
import { createReadNotes, readEntries, readPasted, type ReadOptions } from '../../analyzer/input/read.js';
import { createRedactor } from '../../agent/record/redact.js';
import type { AssistantHooks, LogFindings, RuleArticle } from '../../api/mcp/tool-context.js';
import type { Settings } from '../../core/config/settings.js';
import { createError } from '../../core/errors.js';
import type { Entry, Language } from '../../core/types.js';
import type { Store } from '../../store/store.js';
import type { Invocation } from '../command.js';
import { languageOf, readSettings, zoneOf } from '../settings.js';
import { VERSION } from '../version.js';
import { draftRule } from './author.js';
import { openExistingStore } from './open.js';

/**
 * Serves the tools. The store is opened at the first question to it, so that a log can be diagnosed and a rule
 * explained without a store.
 */
export async function runMcp(invocation: Invocation): Promise<number> {
  const { terminal } = invocation;
  const { settings } = readSettings(invocation);
  const catalog = loadCatalog({ extra: settings['analyzer.rulesDirs'] });
  const store = createLazyStore(settings);
  const { serveStdio } = await import('../../api/mcp/serve.js');
  try {
    await serveStdio(
      {
        ...createLocalHooks(catalog, settings),
        openStore: store.open,
        language: languageOf(settings),
        publicUrl: settings['api.publicUrl'],
        now: Date.now,
      },
      { version: VERSION, stdin: terminal.stdin, stdout: terminal.stdout, signal: terminal.signal },
    );
    return 0;
  } finally {
    await store.close();
  }
}

interface LazyStore {
  open(): Promise<Store>;
  close(): Promise<void>;
}

function createLazyStore(settings: Settings): LazyStore {
  let opening: Promise<Store> | undefined;
  return {
    open: async () => {
      opening ??= openExistingStore(settings);
      try {
        return await opening;
      } catch (error) {
        // The next question tries again, because a service may have been started meanwhile.
        opening = undefined;
        throw error;
      }
    },
    close: async () => (await opening)?.close(),
  };
}

function createLocalHooks(catalog: Catalog, settings: Settings): AssistantHooks {
  const zone = zoneOf(settings);
  const find = async (read: (options: ReadOptions) => Iterable<Entry>, language: Language): Promise<LogFindings> => {
    const notes = createReadNotes();
    const entries = read({ notes, find: wantedBy(catalog) });
    const document = flattenIncidents(diagnose(entries, catalog, { zone }), language);
    if (notes.lines > 0) return document;
    const problem = notes.list[0]?.text.en ?? 'it contains no log line';
    throw createError('JT_REQUEST_INVALID', { problems: problem });
  };
  return {
    ...createAssistantHooks(() => catalog, settings),
    diagnoseText: (bytes, language) => find((options) => readPasted(bytes, options), language),
    diagnoseFile: (path, language) => find((options) => readEntries([path], options), language),
  };
}

/** Creates the functions that every assistant gets; the process that serves it adds the diagnosis of logs. */
export function createAssistantHooks(
  catalog: () => Catalog,
  settings: Settings,
): Omit<AssistantHooks, 'diagnoseText' | 'diagnoseFile'> {
  const redact = createRedactor(settings['agent.redactPatterns']);
  const zone = zoneOf(settings);
  return {
    listRules: (language) => catalog().rules.map((rule) => describeRule(rule, language)),
    hideSecrets: (text) => redact(text).text,
    draftRule: (log) => draftRule(log, catalog(), zone),
  };
}

function describeRule(rule: Rule, language: Language): RuleArticle {
  const { id, cause, severity, owner, status, references } = rule;
  return {
    id,
    cause,
    severity,
    owner,
    status,
    references,
    title: rule.title[language].source,
    summary: rule.summary[language].source,
    anchors: rule.alternatives.map(({ anchor }) => anchor),
    reasons: rule.reasons.map(({ text }) => text[language].source),
    fixes: rule.fixes.map(({ text, patch }) => ({
      text: text[language].source,
      patch: Object.fromEntries(patch.map(([option, value]) => [option, value.source])),
    })),
  };
}
