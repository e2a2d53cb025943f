// A text with what was searched for marked in it, letters that nobody sees as marks that one sees, and the search from
// which the marks come. In: the text of the search box, as far as it can be understood. Rows, opened traces and
// contexts show it.
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { findHits, listSought, type Sought } from '../../../../store/query/hits.ts';
import { parseQuery } from '../../../../store/query/query.ts';
import { showHidden } from '../../../../core/text/hidden.ts';

const NOTHING: Sought = { phrases: [], shapes: [] };
/** So much of a text is looked at: a trace of a megabyte is shown, too. */
const MOST_CHARS = 200_000;

const SoughtContext = createContext<Sought>(NOTHING);

/** What is below it marks what this search asks for. */
export function MarkProvider({ query, children }: { readonly query: string; readonly children: ReactNode }) {
  const sought = useMemo(() => readSought(query), [query]);
  return <SoughtContext.Provider value={sought}>{children}</SoughtContext.Provider>;
}

function readSought(query: string): Sought {
  try {
    return listSought(parseQuery(query));
  } catch {
    return NOTHING; // A search that is not understood finds nothing to be marked.
  }
}

/** Where a line is cut off, so many characters stand before its first mark. */
const LEAD_CHARS = 40;
/** A first mark before this is seen anyway. */
const SEEN_CHARS = 90;

/** `isCut`: it has one line, which may end before the mark. */
export function Marked({ text, isCut = false }: { readonly text: string; readonly isCut?: boolean }) {
  const sought = useContext(SoughtContext);
  const pieces = useMemo(() => {
    const parts: ReactNode[] = [];
    const hits = findHits(text.slice(0, MOST_CHARS), sought);
    const first = hits[0]?.[0] ?? 0;
    let at = isCut && first > SEEN_CHARS ? first - LEAD_CHARS : 0;
    if (at > 0) parts.push('… ');
    for (const [start, end] of hits) {
      parts.push(showHidden(text.slice(at, start)), <mark key={start}>{showHidden(text.slice(start, end))}</mark>);
      at = end;
    }
    parts.push(showHidden(text.slice(at)));
    return parts;
  }, [text, sought, isCut]);
  return <>{pieces}</>;
}
