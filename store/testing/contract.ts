// Contract of every store, as one suite that runs over each adapter (sqlite.test.ts, elasticsearch.test.ts). `open`
// returns a new, empty store for each test; tests that only read share one. A store may show a moment later what was
// appended, so tests of the search wait for it with a deadline.
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import type { Store } from '../store.js';
import type { AgentStore } from './memory.js';
import {
  describeAppend,
  describeBatches,
  describeGrown,
  describeOddSearch,
  describeOddText,
} from './contract/append.js';
import {
  describeDocuments,
  describeGroups,
  describeIncidentPages,
  describeIncidents,
  describeJoined,
  describeJobs,
  describeStates,
  describeNewest,
  describeEpochs,
} from './contract/documents.js';
import { describeErasure } from './contract/erase.js';
import { describeFeedback, describeSilences, describeTriage } from './contract/annotations.js';
import { describeChangedJobLines, describeJobLines } from './contract/job-lines.js';
import { describeFeed, describeFeedParts, describeSkipping } from './contract/feed.js';
import { describeContext, describePages } from './contract/pages.js';
import { describeInfoRetention, describeRetention } from './contract/retention.js';
import { describeGlobs, describeSearch, describeWords } from './contract/search.js';

export function describeStore(name: string, open: () => Promise<Store>): void {
  describeStoreRecords(name, open);
  describeStoreDocuments(name, open);
}

/** Runs the part of the contract that is about incidents and small documents. */
export function describeStoreDocuments(name: string, open: () => Promise<Store>): void {
  describeStoreIncidents(name, open);
  describe(`${name} keeps the store contract of documents`, () => {
    describe('incidents of several writers', () => describeEpochs(useOwnStore(open)));
    describe('newest records of clusters', () => describeNewest(useOwnStore(open)));
    describe('jobs', () => describeJobs(useOwnStore(open)));
    describe('the lines of a job', () => describeJobLines(useSharedStore(open)));
    describe('the lines of a job', () => describeChangedJobLines(useOwnStore(open)));
    describe('alerts, agents', () => describeDocuments(useOwnStore(open)));
    describe('feedback', () => describeFeedback(useOwnStore(open)));
    describe('triage', () => describeTriage(useOwnStore(open)));
    describe('silences', () => describeSilences(useOwnStore(open)));
    describe('deletion on request', () => describeErasure(useOwnStore(open)));
    describe('states', () => describeStates(useOwnStore(open)));
  });
}

/** Runs the part of the contract that is about the fields by which incidents are found and counted. */
export function describeStoreIncidents(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store contract of incidents`, () => {
    describe('incidents', () => describeIncidents(useOwnStore(open)));
    describe('incidents that have joined', () => describeJoined(useOwnStore(open)));
    describe('groups', () => describeGroups(useOwnStore(open)));
    describe('lists of incidents', () => describeIncidentPages(useOwnStore(open)));
  });
}

/** Runs the part of the contract that is about records. The rest does not depend on how records are stored. */
export function describeStoreRecords(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store contract of records`, () => {
    describeWriting(open);
    describe('append with odd text', () => {
      const store = useSharedStore(open);
      describeOddText(store);
      describeOddSearch(store);
    });
    describe('append of what grew', () => describeGrown(useOwnStore(open)));
    describe('readRecords that skips', () => describeSkipping(useOwnStore(open)));
    describe('readRecords by several', () => describeFeedParts(useOwnStore(open)));
    describeReading(open);
    describe('deleteBefore', () => describeRetention(useOwnStore(open)));
    describe('deleteInfoBefore', () => describeInfoRetention(useOwnStore(open)));
  });
}

/** Runs the part of the contract that an agent needs, and the feed. */
export function describeSink(name: string, open: () => Promise<AgentStore>): void {
  describe(`${name} keeps the store contract of the way in`, () => {
    describeWriting(open);
    describe('append with odd text', () => describeOddText(useSharedStore(open)));
  });
}

function describeWriting(open: () => Promise<AgentStore>): void {
  describe('append', () => describeAppend(useOwnStore(open)));
  describe('append of encoded batches', () => describeBatches(useOwnStore(open)));
  describe('readRecords', () => describeFeed(useOwnStore(open)));
}

/** Runs the part of the contract that depends on how words are found. */
export function describeStoreSearch(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store contract of searches`, () => describeReading(open));
}

function describeReading(open: () => Promise<Store>): void {
  describe('searchRecords', () => describeSearch(useSharedStore(open)));
  describe('searchRecords with stars', () => describeGlobs(useSharedStore(open)));
  describe('searchRecords by words', () => describeWords(useSharedStore(open)));
  describe('searchRecords by pages', () => describePages(useOwnStore(open)));
  describe('findContext', () => describeContext(useOwnStore(open)));
}

type Closable = Pick<Store, 'close'>;

function useOwnStore<Opened extends Closable>(open: () => Promise<Opened>): () => Opened {
  let store: Opened | undefined;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store?.close());
  return () => store as Opened;
}

function useSharedStore<Opened extends Closable>(open: () => Promise<Opened>): () => Opened {
  let store: Opened | undefined;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());
  return () => store as Opened;
}
