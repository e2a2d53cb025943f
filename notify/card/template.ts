// Renders a receiver's own texts in place of a card's title, headline, summary and fix, and its own links, from Liquid
// templates (liquidjs) over the incident. A template sees only plain values, reads no files and ends within limits. The
// channel escapes and cuts its result like any other text. Pure functions.
import { Liquid, LiquidError } from 'liquidjs';
import { TEMPLATE_TEXTS, type CardTemplate } from '../../core/config/receiver.js';
import { findNearest } from '../../core/text/nearest.js';
import { findDiagnosis, cutMiddle, type Card } from './render.js';
import { toJsonObject, type JsonObject } from './payload.js';
import { buildCard, type AlertCard, type CardLink } from './card.js';

const MAX_UNITS = { title: 120, headline: 200, summary: 600, fix: 400 } as const;
const MAX_LINK_UNITS = 1000;

const ENGINE = new Liquid({
  ownPropertyOnly: true,
  strictFilters: true,
  // Templates cannot load other templates from files.
  templates: {},
  parseLimit: 4000,
  renderLimit: 1000,
  memoryLimit: 10_000,
});
for (const tag of ['include', 'render', 'layout', 'block']) Reflect.deleteProperty(ENGINE.tags, tag);

/** Names that a template can use. docs/channels.md lists them. */
const NAMES = [
  ...TEMPLATE_TEXTS,
  ...['language', 'severity', 'cause', 'rule', 'owner', 'values', 'patch', 'evidence', 'reason', 'link', 'subject'],
  ...['incident', 'cluster', 'job', 'process', 'outcome', 'restarts', 'firstSeen', 'lastSeen', 'flinkVersion', 'jobs'],
] as const;

/**
 * Builds the card of an incident with the receiver's texts. If a template fails, the card says so and has the built-in
 * text.
 */
export function buildOwnCard(source: Card): AlertCard {
  const { template } = source;
  const card = buildCard(source);
  if (template === undefined) return card;
  const model = describeModel(card, source);
  const problems: string[] = [];
  const render = (name: string, text: string): string => {
    try {
      return String(ENGINE.parseAndRenderSync(text, model)).trim();
    } catch (error) {
      if (!LiquidError.is(error)) throw error;
      problems.push(`template.${name}: ${error.message}`);
      return '';
    }
  };
  const texts = Object.fromEntries(
    TEMPLATE_TEXTS.flatMap((name) => {
      const text = template[name];
      // A template adds no part that the card does not have, such as a fix in good news.
      if (text === undefined || card[name] === '') return [];
      const rendered = render(name, text);
      const shown = name === 'title' ? rendered.replaceAll(/\s+/g, ' ') : rendered;
      return shown === '' ? [] : [[name, cutMiddle(shown, MAX_UNITS[name])]];
    }),
  );
  const links = (template.links ?? []).flatMap(({ text, url }): readonly CardLink[] => {
    const link = { text: cutMiddle(render('links', text), 60), url: render('links', url) };
    return link.text !== '' && isWeb(link.url) ? [link] : [];
  });
  const notice = [card.notice, ...problems].filter((part) => part !== '').join('\n');
  return { ...card, ...texts, links: [...card.links, ...links], notice: cutMiddle(notice, MAX_LINK_UNITS) };
}

function isWeb(url: string): boolean {
  return url.length <= MAX_LINK_UNITS && /^https?:\/\//.test(url) && URL.canParse(url);
}

function describeModel(card: AlertCard, { incident, subject, reason }: Card): JsonObject {
  const diagnosis = findDiagnosis(incident, subject, card.language);
  const model: Readonly<Record<(typeof NAMES)[number], unknown>> = {
    title: card.title,
    headline: card.headline,
    summary: card.summary,
    fix: card.fix,
    language: card.language,
    severity: card.severity,
    cause: card.cause,
    rule: diagnosis?.rule,
    owner: diagnosis?.owner ?? incident.unknown[0]?.owner,
    values: diagnosis?.values ?? {},
    patch: card.patch,
    evidence: card.evidence,
    reason,
    link: card.links[0]?.url,
    subject: card.subject,
    incident: incident.id,
    cluster: incident.cluster,
    job: incident.job ?? {},
    process: incident.process,
    outcome: incident.outcome,
    restarts: incident.restarts,
    firstSeen: incident.firstSeen,
    lastSeen: incident.lastSeen,
    flinkVersion: incident.facts.flinkVersion,
    jobs: incident.platform?.jobs,
  };
  return toJsonObject(model);
}

/** Returns what is wrong with a receiver's templates, in words: syntax errors and unknown names. */
export function findTemplateProblems(template: CardTemplate): readonly string[] {
  const texts = [
    ...TEMPLATE_TEXTS.map((name) => [name, template[name]] as const),
    ...(template.links ?? []).flatMap(({ text, url }, index) => [
      [`links[${index}].text`, text] as const,
      [`links[${index}].url`, url] as const,
    ]),
  ];
  return texts.flatMap(([name, text]) => (text === undefined ? [] : findTextProblems(name, text)));
}

function findTextProblems(name: string, text: string): readonly string[] {
  try {
    const unknown = ENGINE.globalVariablesSync(ENGINE.parse(text)).filter((used) => !isKnown(used));
    return unknown.map((used) => {
      const nearest = findNearest(used, NAMES);
      const hint = nearest === undefined ? `there are ${NAMES.join(', ')}` : `did you mean "${nearest}"?`;
      return `template.${name} names "${used}", which is not a known value: ${hint}`;
    });
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    return [`template.${name} cannot be read: ${error.message}`];
  }
}

function isKnown(name: string): boolean {
  return NAMES.some((known) => known === name);
}
