import { describe, expect, it } from 'vitest';
import type { Language } from '../../core/types.js';
import { renderOutcomes } from './outcome.js';

const ORDERS = {
  cluster: 'c',
  job: { id: 'a1', name: 'orders' },
  outcome: 'failing',
  restarts: 3,
  firstSeen: '2026-11-20T10:00:01.000Z',
  lastSeen: '2026-11-20T10:05:12.345Z',
} as const;
const DEAD = { cluster: 'c', process: 'h:/log/flink-u-taskexecutor-1-h', outcome: 'failed', restarts: 0 } as const;

function render(incidents: Parameters<typeof renderOutcomes>[0], lang: Language = 'en'): string {
  return renderOutcomes(incidents, lang, { width: 80, color: false });
}

describe('what became of the failures of a log', () => {
  it('is one line about one incident', () => {
    expect(render([ORDERS])).toBe('orders: Failing · 3 restarts · last 2026-11-20T10:05:12Z\n');
    expect(render([ORDERS], 'zh')).toBe('orders：持续失败 · 重启 3 次 · 最近 2026-11-20T10:05:12Z\n');
    expect(render([DEAD])).toBe('TaskManager 1 on h: Failed\n');
  });

  it('is one line about several', () => {
    expect(render([ORDERS, DEAD, ORDERS])).toBe('3 incidents: 2 failing, 1 failed\n');
    expect(render([ORDERS, DEAD, ORDERS], 'zh')).toBe('3 个故障：2 持续失败，1 已失败\n');
  });

  it.each(['orders-'.repeat(30), '订单'.repeat(50)])('stays within the columns of the terminal', (name) => {
    const line = render([{ ...ORDERS, job: { id: 'a1', name }, outcome: 'canceled' }]);

    expect(line.trimEnd()).not.toContain('\n');
    expect(line).toContain('…: ');
    expect(line).toMatch(/Canceled · 3 restarts · last 2026-11-20T10:05:12Z\n$/);
  });

  it('says nothing where nothing failed', () => {
    expect(render([])).toBe('');
  });
});
