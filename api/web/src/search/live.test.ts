import { expect, it } from 'vitest';
import type { LogRecord } from '../../../../core/types.ts';
import { makeRecord } from '../../../../store/testing/samples.ts';
import { addRecord, joinRecords } from './pages.ts';

const record = (id: string, message = ''): LogRecord => ({ ...makeRecord(0), id, message });
const ids = (records: readonly LogRecord[]): string => records.map(({ id, message }) => id + message).join(' ');

it('puts a new record first, and a record that has grown in place of its earlier form', () => {
  const two = addRecord(addRecord([], record('a')), record('b'));
  expect(ids(two)).toBe('b a');
  expect(ids(addRecord(two, record('a', '+')))).toBe('a+ b');
});

it('shows waiting records before those that are shown, each once', () => {
  expect(ids(joinRecords([record('c'), record('b', '+')], [record('b'), record('a')]))).toBe('c b+ a');
});

it('keeps at most five thousand', () => {
  const many = Array.from({ length: 5000 }, (_, index) => record(String(index)));
  expect(addRecord(many, record('new'))).toHaveLength(5000);
  expect(joinRecords(many, [record('old')]).at(-1)?.id).toBe('4999');
});
