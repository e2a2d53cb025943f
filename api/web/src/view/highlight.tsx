// Renders a text with highlighted matches of the search and with visible placeholders for hidden characters. Takes the
// text of the search box, as far as it can be parsed. Rows, opened traces and contexts show it.
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { findHits, listSought, type Sought } from '../../../../store/query/hits.ts';
import { parseQuery } from '../../../../store/query/query.ts';
import { showHidden } from '../../../../core/text/hidden.ts';
import { splitSegments } from './segments.ts';

const NOTHING: Sought = { phrases: [], shapes: [] };
/** Number of characters that are searched for matches, because a trace may have a megabyte. */
const MAX_CHARS = 200_000;

const SoughtContext = createContext<Sought>(NOTHING);

/** Provides the search whose matches are highlighted in all elements below. */
export function HighlightProvider({ query, children }: { readonly query: string; readonly children: ReactNode }) {
  const sought = useMemo(() => readSought(query), [query]);
  return <SoughtContext.Provider value={sought}>{children}</SoughtContext.Provider>;
}

function readSought(query: string): Sought {
  try {
    return listSought(parseQuery(query));
  } catch {
    return NOTHING; // A search that cannot be parsed highlights nothing.
  }
}

/** Number of characters before the first match in a line that is cut at its start. */
const CONTEXT_CHARS = 40;
/** Offset, in characters, up to which a first match is visible without a cut. */
const SEEN_CHARS = 90;

/** Renders a text with highlighted matches. `isCut`: the text has one line, which may end before the first match. */
export function Highlighted({ text, isCut = false }: { readonly text: string; readonly isCut?: boolean }) {
  const sought = useContext(SoughtContext);
  const { pieces: segments, isShortened } = useMemo(() => {
    const hits = findHits(text.slice(0, MAX_CHARS), sought);
    const first = hits[0]?.[0] ?? 0;
    const start = isCut && first > SEEN_CHARS ? first - CONTEXT_CHARS : 0;
    return { pieces: splitSegments(text, hits, start), isShortened: start > 0 };
  }, [text, sought, isCut]);
  return (
    <>
      {isShortened && '… '}
      {segments.map((segment, index) =>
        segment.isHighlighted ? <mark key={index}>{showHidden(segment.text)}</mark> : showHidden(segment.text),
      )}
    </>
  );
}
