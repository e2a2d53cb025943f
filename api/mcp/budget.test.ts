import { describe, expect, it } from 'vitest';
import { countFitting, countTokens, MAX_TOKENS, renderReply } from './budget.js';

const FRAME = '\tat org.apache.flink.runtime.taskmanager.Task.doRun(Task.java:756)';

describe('countTokens', () => {
  it.each([
    ['network buffers', 4],
    ['TaskManager', 3],
    ['a.b(C:756)', 9],
    ['网络', 4],
    ['', 0],
  ])('counts four letters, two digits and each mark for one: %j', (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });
});

describe('renderReply', () => {
  const blocks = Array.from({ length: 200 }, (_, index) => `block ${index}\n${FRAME}`);

  it('stays within the budget and says how to ask for the rest', () => {
    const text = renderReply({ header: 'Head.', blocks });
    const next = Number(/"skip": (\d+)/.exec(text)?.[1]);

    expect(countTokens(text)).toBeLessThanOrEqual(MAX_TOKENS);
    expect(text).toContain(`block ${next - 1}\n`);
    expect(text).not.toContain(`block ${next}\n`);
  });

  it('leaves nothing out over all answers', () => {
    const seen: string[] = [];
    for (let skip = 0; skip < blocks.length; skip += countFitting({ header: 'Head.', blocks }, skip))
      seen.push(...[...renderReply({ header: 'Head.', blocks }, skip).matchAll(/^block \d+$/gm)].map(([line]) => line));

    expect(seen).toEqual(blocks.map((block) => block.split('\n')[0]));
  });

  it('cuts a part that is too large, and closes its fence', () => {
    const text = renderReply({
      header: 'Head.',
      blocks: [`\`\`\`log\n${`${FRAME}\n`.repeat(1000)}\`\`\``, 'the next'],
    });

    expect(countTokens(text)).toBeLessThanOrEqual(MAX_TOKENS);
    expect(text).toMatch(/\n```\n\(\d+ lines of this part cut\.\)\n\nthe next$/);
  });

  it('shows as many parts with a note as without', () => {
    const count = (text: string): number => text.match(/^block /gm)?.length ?? 0;
    for (let length = 1; length < 60; length += 1) {
      const header = 'word '.repeat(length);

      expect(count(renderReply({ header, blocks }, 0, 'A note of some words.'))).toBe(countFitting({ header, blocks }));
    }
  });

  it('says how to go on behind the last part only', () => {
    expect(renderReply({ header: 'Head.', blocks: ['a'], further: 'More.' })).toBe('Head.\n\na\n\n---\nMore.');
  });
});
