// The links of a stack trace → the group of failures that nobody has named: the same for every copy of the same
// failure, however often it is wrapped, whoever logs it and with whichever version of Flink, with what makes it the
// same. Called by failure.ts of the analyzer for each failure. Pure.
import { createHash } from 'node:crypto';
import type { ChainLink, FailureGroup } from '../../core/types.js';
import { firstChain, isLost, isWrapper, root } from './chain.js';
import { countWords, maskMessage } from './mask.js';
import { frameOwner, isNeutralFrame } from './packages.js';

/** Of the id: another way of grouping gives other ids. */
const VERSION = 'g1';

/** `headline`: the first line of the entry, for what was thrown without a word. */
export function groupFailure(links: readonly ChainLink[], headline: string): FailureGroup {
  const origin = root(links);
  const type = findType(links, origin);
  const message = maskMessage(origin === undefined ? headline : origin.message);
  const frame = needsPlace(type, message) ? findPlace(links, origin, message) : undefined;
  const place = frame ?? (countWords(message) > 0 ? undefined : describeAround(links, origin, headline));
  return identify({ type, message, place });
}

/** Of a failure that only says that others were: it is the same where they are, in whatever words it says so. */
export function groupEcho({ type }: FailureGroup, origin: string): FailureGroup {
  return identify({ type, message: origin, place: undefined });
}

function identify(by: Omit<FailureGroup, 'id'>): FailureGroup {
  const id = createHash('sha256')
    .update([by.type, by.message, by.place ?? ''].join('\n'))
    .digest('hex')
    .slice(0, 12);
  return { id: `${VERSION}-${id}`, ...by };
}

/** Where it was lost on the way, what wraps it may still tell it, with the same words. */
function findType(links: readonly ChainLink[], origin: ChainLink | undefined): string {
  if (origin === undefined) return '';
  if (!isLost(origin)) return nameClass(origin.type);
  const chain = firstChain(links);
  const outer = chain[chain.indexOf(origin) - 1];
  return outer === undefined || isLost(outer) || outer.message !== origin.message ? '' : nameClass(outer.type);
}

/** A class that anybody throws. */
const ANYBODYS = /^(?:$|java\.|javax\.|jdk\.|sun\.|[A-Z]\w*$)/;
/** A message of so many words is told by one place only, when its class is not anybody's. */
const TELLING_WORDS = 3;

function needsPlace(type: string, message: string): boolean {
  return ANYBODYS.test(type) || countWords(message) < TELLING_WORDS;
}

/** Flink's classes move from package to package, and so do those that it took along under a name of its own. */
function nameClass(type: string): string {
  return type
    .replace(/^org\.apache\.flink\.shaded\.\w+\./, '')
    .replace(/^org\.apache\.flink\.(?:[a-z]\w*\.)*(?=[A-Z])/, 'flink.')
    .replace(/^akka\./, 'org.apache.pekko.');
}

/** What of Flink is on the way of every record, call and start. */
const EVERYWHERE =
  /^(?:akka\.|org\.apache\.pekko\.|org\.apache\.flink\.(?:streaming\.(?:runtime|api\.operators)|runtime\.(?:taskmanager|rpc|concurrent|security|io\.network)|util|client|core\.execution|api\.common\.functions|shaded|table\.runtime\.generated)\b)/;

/** Somebody's method who is neither the JDK nor Flink; where words are missing, one of Flink's that says something. */
function findPlace(links: readonly ChainLink[], origin: ChainLink | undefined, message: string): string | undefined {
  const frames = listFrames(firstChain(links), origin).filter((frame) => !isNeutralFrame(frame));
  const foreign = frames.find((frame) => frameOwner(frame) !== 'framework');
  const own = countWords(message) >= TELLING_WORDS ? undefined : frames.find((frame) => !EVERYWHERE.test(frame));
  const frame = foreign ?? own;
  return frame === undefined ? undefined : nameFrame(frame);
}

/** Its own frames, and those at the end of what wraps it that both have (`... 12 more`). */
function listFrames(chain: readonly ChainLink[], origin: ChainLink | undefined): readonly string[] {
  if (origin === undefined) return [];
  const { frames, shared = 0 } = origin;
  if (shared === 0) return frames;
  return [...frames, ...listFrames(chain, chain[chain.indexOf(origin) - 1]).slice(-shared)];
}

/** The method, without its line, its module, and the numbers of lambdas and generated classes. */
function nameFrame(frame: string): string {
  return frame
    .replace(/\(.*$/s, '')
    .replace(/^[\w.@-]*\/{1,2}(?=[a-z])/, '')
    .replace(/\/0x[0-9a-f]+/g, '')
    .replace(/\d+/g, '#');
}

/** What wraps an exception without a word and without a frame, else what the entry says. */
function describeAround(links: readonly ChainLink[], origin: ChainLink | undefined, headline: string): string {
  const chain = firstChain(links);
  const outer = chain.slice(0, origin === undefined ? 0 : chain.indexOf(origin)).reverse();
  const told = outer.find((link) => !isWrapper(link.type) || countWords(maskMessage(link.message)) > 0);
  return told === undefined ? maskMessage(headline) : `${nameClass(told.type)}: ${maskMessage(told.message)}`;
}
