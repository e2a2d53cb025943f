// Computes a text from the links of a stack trace that is the same for the same failure of one version: from the root's
// class and its topmost frames. Stored failures are identified by it (group.ts groups more, failures of any version).
// Pure functions.
import { hashText } from '../../core/hash.js';
import type { ChainLink } from '../../core/types.js';
import { rememberLast, root } from './chain.js';
import type { CodeOwners } from './packages.js';

/**
 * Returns the fingerprint. It is made of the root's class and its topmost frames, which stay the same when the
 * exception is wrapped, shipped or printed by another process; or of the words of the message if there are no frames.
 */
export const fingerprint = rememberLast(computeFingerprint);

function computeFingerprint(links: readonly ChainLink[], message: string, code: CodeOwners): string {
  const origin = root(links);
  const frames = (origin?.frames ?? [])
    .filter((frame) => !code.isNeutral(frame))
    .slice(0, 4)
    .map(frameIdentity);
  const words = frames.length >= 2 ? '' : normalizeMessage(origin?.message || message);
  return hashText([origin?.type ?? '', ...frames, words].join('\n'), 16);
}

/** Returns a frame without line numbers, counters of generated classes and lambdas. */
function frameIdentity(frame: string): string {
  return frame
    .replace(/\(.*$/s, '')
    .replace(/\/0x[0-9a-f]+/g, '')
    .replace(/\d+/g, '#');
}

function normalizeMessage(message: string): string {
  return message
    .slice(0, 1000)
    .replace(/"[^"]*"|'[^']*'|\[[^\]]*\]/g, '?')
    .replace(/\b[\w.-]+\/\d+\.\d+\.\d+\.\d+(:\d+)?|\b\d+\.\d+\.\d+\.\d+(:\d+)?|\b[\w-]+(\.[\w-]+)+:\d+/g, 'HOST')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-fA-F]{16,}\b|0x[0-9a-f]+|@[0-9a-f]{4,}/g, 'ID')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 240);
}
