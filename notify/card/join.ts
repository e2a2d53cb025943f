// Joins several cards that are sent together. Cards of one cause become the first of them with the names of the others.
// Cards of several causes become a digest with a line for each cause. Pure functions.
import { emptyCard, type AlertCard } from './card.js';
import { WORDS } from './words.js';

/** Tones, the worst first. */
const TONES = ['bad', 'warning', 'neutral', 'good'] as const;
const SYMBOLS: Readonly<Record<AlertCard['tone'], string>> = { bad: '🔴', warning: '🟠', neutral: '⚪', good: '✅' };
const MAX_LINES = 40;
const MAX_NAMES = 5;

export function joinCards(cards: readonly AlertCard[]): AlertCard {
  const [first, ...rest] = cards;
  if (first === undefined) return emptyCard('en');
  if (rest.length === 0) return first;
  const kinds = new Map<string, AlertCard[]>();
  for (const card of cards) kinds.set(card.kind, [...(kinds.get(card.kind) ?? []), card]);
  return kinds.size === 1 ? joinAlike(first, rest) : joinDifferent(first, cards.length, [...kinds.values()]);
}

function joinAlike(first: AlertCard, rest: readonly AlertCard[]): AlertCard {
  const names = [...new Set(rest.map(({ subject }) => subject))].filter((name) => name !== first.subject);
  if (names.length === 0) return first;
  const { also, colon, incidents } = WORDS[first.language];
  const shown = names.slice(0, 2 * MAX_NAMES).join(', ');
  return {
    ...first,
    related: [
      ...first.related,
      `${also} (${incidents(names.length)})${colon}${shown}${names.length > 2 * MAX_NAMES ? ' …' : ''}`,
    ],
  };
}

/** Makes a digest. The cause that affects the most jobs comes first. */
function joinDifferent(first: AlertCard, count: number, kinds: readonly (readonly AlertCard[])[]): AlertCard {
  const words = WORDS[first.language];
  const lines = kinds
    .toSorted((left, right) => right.length - left.length)
    .map((cards) => {
      const [card] = cards;
      const names = [...new Set(cards.map(({ subject }) => subject))];
      const shown = names.slice(0, MAX_NAMES).join(', ');
      const symbol = card?.title.split(' ', 1)[0] ?? '';
      return `${symbol} ${card?.headline ?? ''} · ${words.incidents(names.length)}${words.colon}${shown}${names.length > MAX_NAMES ? ' …' : ''}`;
    });
  const tone = TONES.find((item) => kinds.some(([card]) => card?.tone === item)) ?? 'neutral';
  const all = first.links[0]?.url.replace(/\/incidents\/[^/]*$/, '/incidents');
  return {
    ...emptyCard(first.language),
    tone,
    topic: 'digest',
    title: `${SYMBOLS[tone]} ${words.digest(count, kinds.length)}`,
    summary: words.storm,
    related: lines.slice(0, MAX_LINES),
    relatedMore: Math.max(0, lines.length - MAX_LINES),
    links: all === undefined ? [] : [{ text: words.openAll, url: all }],
  };
}
