import { describe, expect, it } from 'vitest';
import { findLargest, findSmallest } from '../../core/sequence.js';
import {
  decideAssignment,
  mayChangeCount,
  PLATFORM,
  renewSharing,
  type Sharing,
  type AssignmentDecision,
  type Situation,
} from './decide.js';

/**
 * Builds a situation. Each letter of `held` names the holder of the partition at its place, "-" means none. A
 * lower-case letter in `members` is a silent member.
 */
function see(held: string, members: string, self: string, wanted = held.length): Situation {
  const shares = [...held].map((holder, part) => [String(part), holder === '-' ? { epoch: 7 } : { holder, epoch: 7 }]);
  return {
    sharing: {
      count: held.length,
      members: Object.fromEntries([...members].map((member) => [member, 3])),
      shares: Object.fromEntries([...shares, [PLATFORM, { holder: 'A', epoch: 9 }]]) as Sharing['shares'],
    },
    self,
    silent: new Set([...members].filter((member) => member === member.toLowerCase())),
    wanted,
  };
}

const SIGN: Readonly<Record<AssignmentDecision['action'], string>> = {
  take: '+',
  keep: '=',
  'give-up': '-',
  leave: '.',
};

function draw(situation: Situation): string {
  const decisions = decideAssignment(situation).filter(({ partition }) => partition !== PLATFORM);
  const reasons = decisions.filter(({ action }) => action !== 'keep').map(({ reason }) => reason);
  return [decisions.map(({ action }) => SIGN[action]).join(''), ...new Set(reasons)].join(' ');
}

describe('decideShares', () => {
  it.each([
    ['the first takes all', see('----', '', 'A'), '++++ nobody-has-it'],
    ['who has all keeps all while alone', see('AAAA', 'A', 'A'), '===='],
    ['a second one waits for its half', see('AAAA', 'AB', 'B'), '.... another-has-it'],
    ['the first gives up half for a second', see('AAAA', 'AB', 'A'), '==-- others-have-fewer'],
    ['the second takes what is given', see('AA--', 'AB', 'B'), '..++ another-has-it nobody-has-it'],
    ['the first does not take it back', see('AA--', 'AB', 'A'), '==.. enough-are-ours'],
    ['a third one gets a part of one of two', see('AABB', 'ABC', 'B'), '..=- another-has-it others-have-fewer'],
    ['and the other one keeps two', see('AABB', 'ABC', 'A'), '==.. another-has-it'],
    ['one too many has nothing', see('AB', 'ABC', 'C'), '.. another-has-it'],
    ['and nobody gives up for it', see('AB', 'ABC', 'B'), '.= another-has-it'],
    ['the parts of a silent one are taken', see('AAbb', 'Ab', 'A'), '==++ holder-is-silent'],
    ['by as many as there are', see('AbbC', 'AbC', 'C'), '.+.= another-has-it holder-is-silent enough-are-ours'],
    ['who is no member any more has nothing', see('AAXX', 'A', 'A'), '==++ holder-is-silent'],
    [
      'all is given up when the parts are counted anew',
      see('AB', 'AB', 'A', 4),
      '-. partition-count-changes another-has-it',
    ],
    ['and nothing is taken before they are', see('-B', 'AB', 'A', 4), '.. partition-count-changes another-has-it'],
  ] as const)('%s', (_name, situation, drawn) => {
    expect(draw(situation)).toBe(drawn);
  });

  it('gives the platform incidents to one who lives', () => {
    const decide = (situation: Situation): AssignmentDecision | undefined => decideAssignment(situation)[0];

    expect(decide(see('AB', 'AB', 'A'))).toEqual({ partition: PLATFORM, action: 'keep', reason: 'is-ours' });
    expect(decide(see('AB', 'AB', 'B'))).toEqual({ partition: PLATFORM, action: 'leave', reason: 'another-has-it' });
    expect(decide(see('AB', 'B', 'B'))).toEqual({ partition: PLATFORM, action: 'take', reason: 'holder-is-silent' });
  });
});

/** Reads and writes once as this member. */
function step(sharing: Sharing, self: string, silent: readonly string[] = [], wanted = sharing.count): Sharing {
  const situation: Situation = { sharing, self, silent: new Set(silent), wanted };
  const decisions = decideAssignment(situation);
  const given = new Set(decisions.filter(({ action }) => action === 'give-up').map(({ partition }) => partition));
  return renewSharing(situation, decisions, { given, minEpoch: 1000 });
}

function holders({ count, shares }: Sharing): string {
  return Array.from({ length: count }, (_, part) => shares[String(part)]?.holder ?? '-').join('');
}

describe('renewSharing', () => {
  const empty: Sharing = { count: 6, members: {}, shares: {} };

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'comes to rest with no two parts more for one than for another: %i members',
    (size) => {
      const members = Array.from({ length: size }, (_, number) => String.fromCharCode(65 + number));
      let sharing = empty;
      const rounds: string[] = [];
      for (let round = 0; round < 6; round++) {
        for (const member of members) sharing = step(sharing, member);
        rounds.push(holders(sharing));
      }
      const shares = members.map((member) => [...holders(sharing)].filter((holder) => holder === member).length);

      expect(findLargest(shares) - findSmallest(shares)).toBeLessThanOrEqual(1);
      expect(shares.reduce((sum, partition) => sum + partition, 0)).toBe(6);
      expect(rounds.at(-1)).toBe(rounds.at(-2));
    },
  );

  it('takes each share in a later turn than anybody had anything before', () => {
    const first = step(empty, 'A');
    const given = step(step(first, 'B'), 'A');
    const second = step(given, 'B');

    expect(first.shares['5']?.epoch).toBe(1000);
    expect(given.shares['5']).toEqual({ epoch: 1000 });
    expect(second.shares['5']).toEqual({ holder: 'B', epoch: 1001 });
    expect(second.shares['0']).toEqual(first.shares['0']);
  });

  it('forgets who is silent, and says that this one lives', () => {
    const sharing = step(step(step(empty, 'A'), 'B'), 'B', ['A']);

    expect(sharing.members).toEqual({ B: 2 });
    expect(holders(sharing)).toBe('BBBBBB');
  });

  it('counts the parts anew as soon as nobody holds one', () => {
    const two = step(step(step({ ...empty, count: 2 }, 'A'), 'B'), 'A');
    const waiting = step(two, 'A', [], 3);
    const situation = { sharing: waiting, self: 'B', silent: new Set<string>(), wanted: 3 };
    const given = step(waiting, 'B', [], 3);

    expect([holders(two), holders(waiting), holders(given)]).toEqual(['A-', '--', '---']);
    expect(mayChangeCount({ ...situation, sharing: two })).toBe(false);
    expect(mayChangeCount(situation)).toBe(true);
    expect(holders(step(given, 'A', [], 3))).toBe('AA-');
  });
});
