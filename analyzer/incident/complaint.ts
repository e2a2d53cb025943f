// What an exception complains of, by its class and its words: with it a general rule chooses between checking the
// network, a grant, a table or a version for a message that no rule knows. A table, asked by conclude.ts. Pure.
import type { FailureLink } from '../entry/signal.js';

export type Complaint =
  'denied' | 'unreachable' | 'existing' | 'missing' | 'conflict' | 'unsupported' | 'limit' | 'unfit' | 'defect';

interface Row {
  readonly complaint: Complaint;
  /** Parts of the class's name. */
  readonly types: readonly string[];
  /** In small letters. */
  readonly words: readonly string[];
}

/** The first that fits; words that say more come first. */
const COMPLAINTS: readonly Row[] = [
  {
    complaint: 'defect',
    types: [
      'NoSuchField',
      'NoSuchMethod',
      'NullPointer',
      'IndexOutOfBounds',
      'NegativeArraySize',
      'ArrayStore',
      'NoSuchElement',
      'AssertionError',
      'StackOverflow',
      'EmptyStack',
    ],
    words: ['this is a bug', 'should not happen', 'should never happen', 'unexpected error occurred'],
  },
  {
    complaint: 'denied',
    types: [
      'AccessControl',
      'AccessDenied',
      'Authentication',
      'Authorization',
      'Unauthorized',
      'Forbidden',
      'SSL',
      'Sasl',
      'Kerberos',
      'InvalidToken',
    ],
    words: [
      'access denied',
      'accessdenied',
      'permission',
      'not authorized',
      'unauthorized',
      'forbidden',
      'authenticat',
      'credential',
      'password',
      'privilege',
      'not allowed to',
      'pkix',
      'certificate',
      'kerberos',
      'login failed',
    ],
  },
  {
    complaint: 'unreachable',
    types: [
      'UnknownHost',
      'net.ConnectException',
      'HostConnect',
      'RemotingConnect',
      'ConnectTimeout',
      'NoHttpResponse',
      'MongoSocket',
      'RetriesExhausted',
      'UnresolvedAddress',
      'NoRouteToHost',
      'SocketException',
      'SocketTimeout',
      'TimeoutException',
      'EOFException',
      'ClosedChannel',
      'Communications',
      'ServiceUnavailable',
      'ConnectionLoss',
      'TransportException',
    ],
    words: [
      'connection refused',
      'timed out',
      'timeout',
      'unreachable',
      'not reachable',
      'connection reset',
      'broken pipe',
      'link failure',
      'connection closed',
      'connection is closed',
      'connection lost',
      'unable to connect',
      'failed to connect',
      'could not connect',
      'cannot connect',
      "can't connect",
      'unavailable',
      'no route',
      'deadline exceeded',
      'socket closed',
      'name or service not known',
      'not connected',
      'failed to respond',
      'no alive',
      'no available',
    ],
  },
  {
    complaint: 'existing',
    types: ['AlreadyExist', 'DuplicateKey'],
    words: ['already exist', 'duplicate', 'already used'],
  },
  {
    complaint: 'conflict',
    types: ['CommitFailed', 'Conflict', 'ConcurrentModification', 'Deadlock', 'LockException', 'OptimisticLock'],
    words: [
      'conflict',
      'concurrent',
      'deadlock',
      'lock wait',
      'acquire lock',
      'locked by',
      'commit failed',
      'has been modified',
      'in use by',
      'is active for',
    ],
  },
  {
    complaint: 'missing',
    types: ['NotFound', 'NoSuch', 'NotExist', 'DoesNotExist', 'UnknownTopic'],
    words: [
      'not found',
      "doesn't exist",
      'does not exist',
      'not exist',
      "didn't exist",
      'no such',
      'cannot find',
      'can not find',
      "can't find",
      'could not find',
      'unknown table',
      'unknown column',
      'unknown database',
      'unknown topic',
      'no longer available',
      'has been deleted',
      'was deleted',
      'expired',
    ],
  },
  {
    complaint: 'unsupported',
    types: ['UnsupportedOperation', 'NotSupported', 'NotImplemented'],
    words: ['not support', 'unsupported', "isn't supported", 'not implemented', 'not yet', 'only support'],
  },
  {
    complaint: 'limit',
    types: ['OutOfMemory', 'TooMany', 'TooLarge', 'Throttl', 'QuotaExceeded', 'Capacity'],
    words: [
      'exceed',
      'too large',
      'too many',
      'too long',
      'too big',
      'quota',
      'limit',
      'no space',
      'queue full',
      'is full',
      'rejected execution',
      'out of memory',
    ],
  },
  {
    complaint: 'unfit',
    types: [
      'ClassCast',
      'NumberFormat',
      'Parse',
      'Validation',
      'IllegalArgument',
      'Arithmetic',
      'DateTime',
      'Serialization',
      'Schema',
      'SQLData',
      'BatchUpdate',
      'SQLSyntax',
    ],
    words: [
      'cast',
      'convert',
      'schema',
      'type',
      'incompatible',
      'parse',
      'format',
      'mismatch',
      'match',
      'invalid',
      'illegal',
      'null',
      'required',
      'must ',
      'should ',
      'field',
      'column',
      'precision',
      'option',
    ],
  },
  { complaint: 'defect', types: ['IllegalState', 'IllegalAccess', 'IllegalThreadState', 'VerifyException'], words: [] },
];

/** Of the deepest exception that says something; undefined when none does. The root stands last. */
export function readComplaint(links: readonly FailureLink[]): Complaint | undefined {
  for (const { type, message } of links.toReversed()) {
    const text = message.toLowerCase();
    const row = COMPLAINTS.find(
      ({ types, words }) => types.some((part) => type.includes(part)) || words.some((word) => text.includes(word)),
    );
    if (row !== undefined) return row.complaint;
  }
  return undefined;
}
