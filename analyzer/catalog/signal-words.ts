// Lists what the words of a catalog say about an entry that holds them, for the code that marks entries (flink/bytes/).
// A word says that something may have failed, or it counts only beside a failure, as the facts and the steps of rules
// do. Words that count only in excerpts mark nothing. Pure functions.
import { FACT_ANCHORS } from '../../flink/facts/facts.js';
import { describeWords, type SignalWords } from '../../flink/bytes/words.js';
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
 * True if rules look for the literal only where something failed, and the literal is a word of facts. Words of failures
 * mark an entry by themselves, and without one of them nothing has failed. Other literals are not checked for this, so
 * that their rules stay closed.
 */
function asksForFailure({ literals, engine, usesOf }: Catalog, literal: number): boolean {
  const text = literals[literal] ?? '';
  return (
    FACT_ANCHORS.some((anchor) => text.includes(anchor)) &&
    engine.suspects.every(({ excerpt, chain }) => excerpt || chain > 1) &&
    usesOf(literal).every((use) => use.kind !== 'alternative' || use.alternative.where?.failure === true)
  );
}
