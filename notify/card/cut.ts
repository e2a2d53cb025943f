// Shortens a card that is too large for its channel. The least important parts are removed first, in one order for all
// channels. The title and the incident's link are never removed, and the card says how much was left out. Pure
// functions.
import { cutMiddle } from './render.js';
import type { AlertCard } from './card.js';

const CUTS: readonly ((card: AlertCard) => AlertCard)[] = [
  (card) => ({ ...card, evidence: card.evidence.slice(0, 1) }),
  (card) => ({ ...card, numbers: [] }),
  (card) => ({ ...card, patch: [] }),
  ...[20, 10, 5, 3].map((max) => (card: AlertCard) => cutRelated(card, max)),
  (card) => ({ ...card, evidence: [] }),
  (card) => ({ ...card, summary: cutMiddle(card.summary, 200), notice: cutMiddle(card.notice, 200) }),
  (card) => ({ ...card, fix: cutMiddle(card.fix, 120), headline: cutMiddle(card.headline, 100) }),
  (card) => ({ ...cutRelated(card, 0), summary: '', notice: cutMiddle(card.notice, 80) }),
  (card) => ({ ...card, fix: '', notice: '', links: card.links.slice(0, 1) }),
];

/** Returns the first form that fits, or the shortest if none does. */
export function fitCard<Rendered>(
  card: AlertCard,
  render: (card: AlertCard) => Rendered,
  fits: (rendered: Rendered) => boolean,
): Rendered {
  let cut = card;
  let rendered = render(cut);
  for (const shorten of CUTS) {
    if (fits(rendered)) return rendered;
    const shorter = shorten(cut);
    if (countText(shorter) === countText(cut)) continue;
    cut = { ...shorter, leftOut: countText(card) - countText(shorter) };
    rendered = render(cut);
  }
  return rendered;
}

function cutRelated(card: AlertCard, max: number): AlertCard {
  const gone = Math.max(0, card.related.length - max);
  return { ...card, related: card.related.slice(0, max), relatedMore: card.relatedMore + gone };
}

/** Counts the characters without links. */
function countText({ headline, summary, fix, patch, evidence, numbers, related, notice }: AlertCard): number {
  const texts = [headline, summary, fix, notice, ...patch, ...evidence, ...related];
  return [...texts, ...numbers.map(({ name, value }) => name + value)].reduce((sum, text) => sum + [...text].length, 0);
}
