// Declares the collections of small documents: name, id, keys, time, limits, and what deletion does with each. The
// table is the only place that knows a collection; both stores keep every row in the same way through a DocumentPort.
// openCollections turns that port into the typed collections of store.ts.
import { MAX_FEEDBACK, nameFeedback } from '../core/documents/precision.js';
import { MAX_SILENCES } from '../core/documents/silence-state.js';
import { MAX_TRIAGE, nameTriage } from '../core/documents/card-state.js';
import { parseTime } from './page.js';
import { isAgentStatus, isAlert, isFeedback, isJobLines, isSilence, isTriage, parseJson } from './stored.js';
import type { Collection, Collections, DocumentQuery, State } from './store.js';

/** Description of a collection for a store: plain data, which may be sent to a thread. */
export interface CollectionSchema {
  /** Name of the table in SQLite. */
  readonly name: string;
  /** Name of the index in Elasticsearch after the prefix. */
  readonly index: string;
  /** Properties of a document by whose value it is found. Each is a column, and a field of the index. */
  readonly keys: readonly string[];
  /** Field of the index with the time of a document. */
  readonly timeField: string;
  readonly order: 'newest' | 'id';
  /** Largest number of documents that one `find` returns. */
  readonly max: number;
  /** True if `find` sees a saved document at once, and not a second later. In Elasticsearch that costs a refresh. */
  readonly isFoundAtOnce: boolean;
  /** True if `deleteBefore` deletes the documents whose time is before. */
  readonly isAged: boolean;
}

/** Declaration of a collection. */
export interface Declaration<Document, Key extends string, Deletion extends string = string> extends CollectionSchema {
  readonly keys: readonly (Key & keyof Document)[];
  readonly id: (document: Document) => string;
  /** Returns the time of a document: ISO text, milliseconds since 1970, or undefined if it has none. */
  readonly time: (document: Document) => string | number | undefined;
  /** Writes the text that is stored, and reads it. Reading returns undefined for a text that was not written here. */
  readonly write: (document: Document) => string;
  readonly read: (id: string, text: string) => Document | undefined;
  /**
   * Effect of deletion on request: `with-incident` deletes the documents of each deleted incident, and those that hold
   * the text; `with-job` deletes those of a deleted job or cluster; `kept` deletes nothing.
   */
  readonly deletion: Deletion;
}

type Options<Document, Key extends string, Deletion extends string> = Pick<
  Declaration<Document, Key, Deletion>,
  'name' | 'keys' | 'id' | 'time' | 'max' | 'deletion'
> &
  Partial<Declaration<Document, Key, Deletion>>;

/** Declares a collection of JSON documents. */
export function declare<
  Document,
  const Key extends string,
  const Deletion extends 'with-incident' | 'with-job' | 'kept',
>(
  isDocument: (value: unknown) => value is Document,
  options: Options<Document, Key, Deletion>,
): Declaration<Document, Key, Deletion> {
  return {
    index: options.name,
    timeField: 'time',
    order: 'newest',
    isFoundAtOnce: true,
    isAged: false,
    write: (document) => JSON.stringify(document),
    read: (_id, text) => {
      const value = parseJson(text);
      return isDocument(value) ? value : undefined;
    },
    ...options,
  };
}

/** Declares a collection of texts. */
function declareStates(name: string): Declaration<State, never, 'kept'> {
  return declare((value): value is State => typeof value === 'object', {
    name,
    keys: [],
    id: ({ key }) => key,
    time: () => undefined,
    write: ({ value }) => value,
    read: (key, value) => ({ key, value }),
    order: 'id',
    max: 10_000,
    isFoundAtOnce: false,
    deletion: 'kept',
  });
}

export const COLLECTIONS = {
  alerts: declare(isAlert, {
    name: 'alerts',
    keys: ['incidentId', 'state'],
    id: ({ id }) => id,
    time: ({ sentAt }) => sentAt,
    max: 10_000,
    isAged: true,
    deletion: 'with-incident',
  }),
  feedback: declare(isFeedback, {
    name: 'feedback',
    keys: ['incidentId'],
    id: nameFeedback,
    time: ({ at }) => at,
    max: MAX_FEEDBACK,
    deletion: 'with-incident',
  }),
  triage: declare(isTriage, {
    name: 'triage',
    keys: ['incidentId'],
    id: nameTriage,
    time: ({ at }) => at,
    max: MAX_TRIAGE,
    deletion: 'with-incident',
  }),
  // Silences stay after their end, because they say who wanted what, and why.
  silences: declare(isSilence, {
    name: 'silences',
    keys: [],
    id: ({ id }) => id,
    time: ({ endsAt }) => endsAt,
    max: MAX_SILENCES,
    deletion: 'kept',
  }),
  agents: declare(isAgentStatus, {
    name: 'agents',
    keys: [],
    id: ({ id }) => id,
    time: ({ time }) => time,
    order: 'id',
    max: 10_000,
    isFoundAtOnce: false,
    isAged: true,
    deletion: 'kept',
  }),
  jobLines: declare(isJobLines, {
    name: 'jobLines',
    // The index that an analyzer may write.
    index: 'states',
    keys: ['cluster', 'jobId', 'jobName'],
    id: ({ cluster, jobId }) => `lines/${cluster}/${jobId}`,
    time: ({ lastMs }) => lastMs,
    timeField: 'lastSeen',
    max: 1_000,
    isFoundAtOnce: false,
    isAged: true,
    deletion: 'with-job',
  }),
  states: declareStates('states'),
  // An index of its own, because agents write states and must not grant access.
  access: declareStates('access'),
};

type Table = typeof COLLECTIONS;
/** Names of the collections that are deleted with their incident. */
export type AnnotationName = {
  [Name in keyof Table]: Table[Name]['deletion'] extends 'with-incident' ? Name : never;
}[keyof Table];

export const SCHEMAS: readonly CollectionSchema[] = Object.values(COLLECTIONS);

/** Document as a store keeps it. */
export interface StoredDocument {
  readonly id: string;
  readonly keys: Readonly<Record<string, string | undefined>>;
  readonly timeMs: number | undefined;
  readonly text: string;
}

export interface KeyQuery {
  readonly where: Readonly<Record<string, readonly string[]>>;
  readonly matching?: DocumentQuery<string>['matching'];
  readonly afterMs?: number | undefined;
  readonly limit: number;
}

/** Port of a store for the documents of all collections. */
export interface DocumentPort {
  saveDocuments(schema: CollectionSchema, documents: readonly StoredDocument[]): Promise<void>;
  loadDocument(schema: CollectionSchema, id: string): Promise<string | undefined>;
  findDocuments(schema: CollectionSchema, query: KeyQuery): Promise<readonly Pick<StoredDocument, 'id' | 'text'>[]>;
  removeDocuments(schema: CollectionSchema, ids: readonly string[]): Promise<void>;
  replaceDocument(schema: CollectionSchema, known: string | undefined, next: StoredDocument): Promise<boolean>;
}

export function openCollections(port: DocumentPort): Collections {
  return {
    alerts: openCollection(COLLECTIONS.alerts, port),
    feedback: openCollection(COLLECTIONS.feedback, port),
    triage: openCollection(COLLECTIONS.triage, port),
    silences: openCollection(COLLECTIONS.silences, port),
    agents: openCollection(COLLECTIONS.agents, port),
    jobLines: openCollection(COLLECTIONS.jobLines, port),
    states: openCollection(COLLECTIONS.states, port),
    access: openCollection(COLLECTIONS.access, port),
  };
}

export function openCollection<Document, Key extends string>(
  declaration: Declaration<Document, Key>,
  port: DocumentPort,
): Collection<Document, Key> {
  const { id, time, write, read, ...schema } = declaration;
  const store = (document: Document): StoredDocument => ({
    id: id(document),
    keys: Object.fromEntries(schema.keys.map((key) => [key, readText(document[key])])),
    timeMs: readMs(time(document)),
    text: write(document),
  });
  return {
    save: (document) => port.saveDocuments(schema, [store(document)]),
    saveAll: async (documents) => {
      if (documents.length > 0) await port.saveDocuments(schema, documents.map(store));
    },
    load: async (name) => {
      const text = await port.loadDocument(schema, name);
      return text === undefined ? undefined : read(name, text);
    },
    find: async ({ where = {}, matching, after, limit = schema.max } = {}) => {
      const found = await port.findDocuments(schema, {
        where: Object.fromEntries(
          Object.entries<string | readonly string[] | undefined>(where).flatMap(([key, wanted]) =>
            wanted === undefined ? [] : [[key, [wanted].flat()]],
          ),
        ),
        matching,
        afterMs: after === undefined ? undefined : parseTime('after', after),
        limit: Math.min(limit, schema.max),
      });
      return found.flatMap((one) => read(one.id, one.text) ?? []);
    },
    remove: async (ids) => {
      if (ids.length > 0) await port.removeDocuments(schema, ids);
    },
    replace: (known, next) => port.replaceDocument(schema, known === undefined ? undefined : write(known), store(next)),
  };
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readMs(time: string | number | undefined): number | undefined {
  const ms = typeof time === 'number' ? time : Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
