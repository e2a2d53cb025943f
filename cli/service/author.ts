// Provides the engine for the rule editor of the page: drafts, trials with two logs and with stored records, and
// saving. Takes the settings and rules. Assistants get the drafts only.
import { toIso } from '../../core/time/iso.js';
import { judgePast, listQueries } from '../../analyzer/author/past.js';
import { proposeId, proposeRule } from '../../analyzer/author/propose.js';
import { writeCases } from '../../analyzer/author/draft.js';
import { readRule } from '../../analyzer/author/folder.js';
import { saveRule } from '../../analyzer/author/save.js';
import { checkRule, tryRule, type RuleSource } from '../../analyzer/author/trial.js';
import type { Catalog } from '../../analyzer/catalog/catalog.js';
import { readPasted } from '../../analyzer/input/read.js';
import type { StoredPast } from '../../api/schemas/author.js';
import type { Authoring, RuleOutline } from '../../api/http/route.js';
import type { Settings } from '../../core/config/settings.js';
import { formatProblems } from '../../core/document.js';
import { createError } from '../../core/errors.js';
import type { ReadableStore } from '../../store/scope.js';
import { languageOf, zoneOf } from '../settings.js';
import type { RuleReloader } from './rule-reloader.js';

export function createAuthoring(
  settings: Settings,
  rules: Pick<RuleReloader, 'folders' | 'catalog'>,
  now = Date.now,
): Authoring {
  const zone = zoneOf(settings);
  const folder = rules.folders.at(-1);
  return {
    draftRule: (lines) => draftRule(lines, rules.catalog, zone),
    tryRule: (rule, language) => tryRule(rule, rules.catalog, { zone, language }),
    askPast: (rule, store, days) => askPast(rule, { catalog: rules.catalog, store, days, now: now() }),
    readRule: (id) => {
      const files = readRule(rules.folders, id);
      return files && { id, rule: files.ruleYaml, match: files.matchLog, nearMiss: files.nearMissLog };
    },
    saveRule:
      folder === undefined
        ? undefined
        : (rule, { by, replace }) =>
            saveRule(rule, {
              catalog: rules.catalog,
              folder,
              by,
              replace,
              zone,
              language: languageOf(settings),
            }),
  };
}

/** Returns a draft of a rule; undefined if nothing failed in these lines. */
export function draftRule(lines: string, catalog: Catalog, zone: string): RuleOutline | undefined {
  const proposal = proposeRule(() => readPasted(Buffer.from(lines, 'utf8')), catalog, zone);
  if (proposal === undefined) return undefined;
  const { ruleYaml, matchLog, nearMissLog } = proposal.draft;
  const cases = writeCases({
    note: 'Lines from which the rule was drafted',
    version: proposal.flinkVersion,
    values: {},
    handled: proposal.isFailure,
    matchLog,
    nearMissLog,
  });
  return {
    id: proposeId(proposal),
    named: proposal.named?.rule,
    ruleYaml,
    matchLog,
    nearMissLog,
    file: ruleYaml + cases,
  };
}

interface PastContext {
  readonly catalog: Catalog;
  readonly store: ReadableStore;
  readonly days: number;
  readonly now: number;
}

/** Largest number of records of one search, newest first. */
const MAX_RECORDS = 1000;
const MAX_INCIDENTS = 1000;
const DAY_MS = 86_400_000;

async function askPast(
  source: Pick<RuleSource, 'id' | 'rule'>,
  { catalog, store, days, now }: PastContext,
): Promise<StoredPast> {
  const { rule, cause, problems } = checkRule(source, catalog);
  if (rule === undefined || cause === undefined)
    throw createError('JT_RULE_INVALID', { problems: formatProblems('rule.yaml', problems) });
  const from = toIso(now - days * DAY_MS);
  const pages = await Promise.all(
    listQueries(rule).map((query) => store.findRecords({ query, from, limit: MAX_RECORDS, order: 'newest' })),
  );
  const records = new Map(pages.flatMap((page) => page.records).map((record) => [record.id, record]));
  const incidents = await store.findIncidents({ from, limit: MAX_INCIDENTS });
  return {
    days,
    isCut: pages.some(({ next }) => next !== undefined) || incidents.length === MAX_INCIDENTS,
    ...judgePast(rule, cause, catalog, { records: [...records.values()], incidents }),
  };
}
