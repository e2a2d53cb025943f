// What the words of a catalog say about an entry that holds them, for those who mark entries (flink/words/): that
// something may have failed, or what counts beside a failure alone, the facts and the steps of rules. Words that are
// heard in excerpts alone mark nothing. Pure; called by the service.
import { FACT_ANCHORS } from '../../flink/facts/facts.js';
import { describeWords, type SignalWords } from '../../flink/words/words.js';
import type { Catalog } from './catalog.js';

export function listSignalWords(catalog: Catalog): SignalWords {
  const kinds = catalog.literals.map((_, index) => decideKind(catalog, index));
  const wordsOf = (...wanted: readonly SignalWord[]): readonly string[] =>
    catalog.literals.filter((_, index) => wanted.includes(kinds[index] ?? 'none'));
  return describeWords(wordsOf('event', 'fact'), wordsOf('fact'));
}

type SignalWord = 'event' | 'fact' | 'none';

function decideKind(catalog: Catalog, literal: number): SignalWord {
  const kinds = catalog.kindsOf(literal);
  if (kinds.has('failure')) return 'event';
  if (kinds.has('alternative')) return asksForFailure(catalog, literal) ? 'fact' : 'event';
  return kinds.has('fact') || kinds.has('step') ? 'fact' : 'none';
}

/**
 * Words of facts that a rule looks for where something failed: without one of the words of failures, which mark by
 * themselves, nothing has. Other words are not asked for this, so that their rules stay closed.
 */
function asksForFailure({ literals, engine, usesOf }: Catalog, literal: number): boolean {
  const text = literals[literal] ?? '';
  return (
    FACT_ANCHORS.some((anchor) => text.includes(anchor)) &&
    engine.suspects.every(({ excerpt, chain }) => excerpt || chain > 1) &&
    usesOf(literal).every((use) => use.kind !== 'alternative' || use.alternative.where?.failure === true)
  );
}
