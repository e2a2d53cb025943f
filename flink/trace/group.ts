// Groups failures that no rule names, by the links of their stack trace: the group is the same for every copy of the
// same failure, however often it is wrapped, whichever process logs it and with any version of Flink. A group holds
// what makes its failures the same. Pure functions.
import { hashText } from '../../core/hash.js';
import type { FailureGroup } from '../../core/documents/incident.js';
import type { ChainLink } from '../../core/types.js';
import { firstChain, isLost, root } from './chain.js';
import { countWords, maskMessage } from './mask.js';
import type { CodeOwners } from './packages.js';

/** Version of the ids, because another way of grouping gives other ids. */
const VERSION = 'g1';

/** Returns the group of a failure. `headline`: the first line of the entry, for an exception without a message. */
export function groupFailure(links: readonly ChainLink[], headline: string, code: CodeOwners): FailureGroup {
  const origin = root(links);
  const { type, message } = nameFailure(links, headline);
  const frame = needsPlace(type, message) ? findPlace(links, origin, message, code) : undefined;
  const place = frame ?? (countWords(message) > 0 ? undefined : describeAround(links, origin, headline, code));
  return identify({ type, message, place });
}

/** Returns the class of a failure, and its message with placeholders for what differs. */
export function nameFailure(links: readonly ChainLink[], headline: string): Pick<FailureGroup, 'type' | 'message'> {
  const origin = root(links);
  return { type: findType(links, origin), message: maskMessage(origin === undefined ? headline : origin.message) };
}

/**
 * Returns the group of a secondary failure, which only reports that others failed: it is the same if they are, whatever
 * words it uses.
 */
export function groupEcho({ type }: FailureGroup, origin: string): FailureGroup {
  return identify({ type, message: origin, place: undefined });
}

function identify(by: Omit<FailureGroup, 'id'>): FailureGroup {
  const id = hashText([by.type, by.message, by.place ?? ''].join('\n'), 12);
  return { id: `${VERSION}-${id}`, ...by };
}

/**
 * Returns the class of a failure. If it was lost on the way, the exception that wraps it may still name it, with the
 * same message.
 */
function findType(links: readonly ChainLink[], origin: ChainLink | undefined): string {
  if (origin === undefined) return '';
  if (!isLost(origin)) return nameClass(origin.type);
  const chain = firstChain(links);
  const outer = chain[chain.indexOf(origin) - 1];
  return outer === undefined || isLost(outer) || outer.message !== origin.message ? '' : nameClass(outer.type);
}

/** Pattern of a class that any code may throw. */
const ANYBODYS = /^(?:$|java\.|javax\.|jdk\.|sun\.|[A-Z]\w*$)/;
/** Number of words with which a message identifies one place, if any code may not throw its class. */
const TELLING_WORDS = 3;

function needsPlace(type: string, message: string): boolean {
  return ANYBODYS.test(type) || countWords(message) < TELLING_WORDS;
}

/**
 * Names a class without its package in Flink, because Flink's classes move between packages, and without a prefix under
 * which Flink shades it.
 */
function nameClass(type: string): string {
  return type
    .replace(/^org\.apache\.flink\.shaded\.\w+\./, '')
    .replace(/^org\.apache\.flink\.(?:[a-z]\w*\.)*(?=[A-Z])/, 'flink.')
    .replace(/^akka\./, 'org.apache.pekko.');
}

/** Frames of Flink that are a part of every record, call and start. */
const EVERYWHERE =
  /^(?:akka\.|org\.apache\.pekko\.|org\.apache\.flink\.(?:streaming\.(?:runtime|api\.operators)|runtime\.(?:taskmanager|rpc|concurrent|security|io\.network)|util|client|core\.execution|api\.common\.functions|shaded|table\.runtime\.generated)\b)/;

/**
 * Returns the first method that belongs neither to the JDK nor to Flink; if words are missing, one of Flink's that is
 * specific.
 */
function findPlace(
  links: readonly ChainLink[],
  origin: ChainLink | undefined,
  message: string,
  code: CodeOwners,
): string | undefined {
  const frames = listFrames(firstChain(links), origin).filter((frame) => !code.isNeutral(frame));
  const foreign = frames.find((frame) => code.ownerOf(frame) !== 'framework');
  const own = countWords(message) >= TELLING_WORDS ? undefined : frames.find((frame) => !EVERYWHERE.test(frame));
  const frame = foreign ?? own;
  return frame === undefined ? undefined : nameFrame(frame);
}

/** Lists the frames of an exception, and those at the end of what wraps it that both share (`... 12 more`). */
function listFrames(chain: readonly ChainLink[], origin: ChainLink | undefined): readonly string[] {
  if (origin === undefined) return [];
  const { frames, shared = 0 } = origin;
  if (shared === 0) return frames;
  return [...frames, ...listFrames(chain, chain[chain.indexOf(origin) - 1]).slice(-shared)];
}

/** Returns the method, without its line, its module, and the numbers of lambdas and generated classes. */
function nameFrame(frame: string): string {
  return frame
    .replace(/\(.*$/s, '')
    .replace(/^[\w.@-]*\/{1,2}(?=[a-z])/, '')
    .replace(/\/0x[0-9a-f]+/g, '')
    .replace(/\d+/g, '#');
}

/** Describes an exception without a word and without a frame by what wraps it, otherwise by what the entry says. */
function describeAround(
  links: readonly ChainLink[],
  origin: ChainLink | undefined,
  headline: string,
  code: CodeOwners,
): string {
  const chain = firstChain(links);
  const outer = chain.slice(0, origin === undefined ? 0 : chain.indexOf(origin)).reverse();
  const named = outer.find((link) => !code.isWrapper(link.type) || countWords(maskMessage(link.message)) > 0);
  return named === undefined ? maskMessage(headline) : `${nameClass(named.type)}: ${maskMessage(named.message)}`;
}
