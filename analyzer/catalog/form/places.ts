// Remembers for each part of a rule in which document and where it was written, so that a problem of the rule is
// reported there. Pure functions.
import type { DocumentPath, ParsedDocument, Problem } from '../../../core/document.js';

interface Place {
  readonly document: ParsedDocument;
  readonly path: DocumentPath;
  /** Name of the file, if it is not the rule's own. */
  readonly file: string | undefined;
}

/** RulePlaces of the parts of a rule. */
export interface RulePlaces {
  /** Remembers that the part of the rule stands at this path of the document. */
  add(
    part: DocumentPath,
    path: DocumentPath,
    other?: { readonly document: ParsedDocument; readonly file: string },
  ): void;
  /** Returns the document with the rule as its value, whose problems stand where the parts were written. */
  documentOf(rule: unknown, problems: readonly Problem[]): ParsedDocument;
}

export function createPlaces(document: ParsedDocument): RulePlaces {
  const places = new Map<string, Place>();
  /** Returns the place of the part, or of the nearest one around it; keys below it have the same names in both. */
  const find = (part: DocumentPath): Place => {
    for (let length = part.length; length > 0; length -= 1) {
      const place = places.get(JSON.stringify(part.slice(0, length)));
      if (place !== undefined) return { ...place, path: [...place.path, ...part.slice(length)] };
    }
    return { document, path: part, file: undefined };
  };
  return {
    add: (part, path, other) =>
      void places.set(JSON.stringify(part), { document: other?.document ?? document, path, file: other?.file }),
    documentOf: (rule, problems) => ({
      value: rule,
      problems,
      locate: (part) => {
        const place = find(part);
        return place.document.locate(place.path);
      },
      problemAt: (part, message) => {
        const place = find(part);
        const problem = place.document.problemAt(place.path, message);
        return place.file === undefined ? problem : { ...problem, file: place.file };
      },
    }),
  };
}
