import { describe, expect, it } from 'vitest';
import { parseEntry } from '../layout/layout.js';
import { unfoldTrace } from './unfold.js';

describe('unfoldTrace', () => {
  it('gives each part of a trace its line again', () => {
    const folded =
      'java.lang.IllegalStateException: no at sign at com.acme.Orders.read(Orders.java:12) ~[orders.jar:1.0] at java.base/java.lang.Thread.run(Thread.java:829) ~[?:?] Caused by: java.io.IOException: closed by: peer at com.acme.Input.next(Input.scala:7) ... 2 more';

    expect(unfoldTrace(folded).split('\n')).toEqual([
      'java.lang.IllegalStateException: no at sign',
      '\tat com.acme.Orders.read(Orders.java:12) ~[orders.jar:1.0]',
      '\tat java.base/java.lang.Thread.run(Thread.java:829) ~[?:?]',
      'Caused by: java.io.IOException: closed by: peer',
      '\tat com.acme.Input.next(Input.scala:7)',
      '... 2 more',
    ]);
  });

  it('parts what stands together without a blank', () => {
    expect(unfoldTrace('a.b.CException: d.e.Storeat a.b.C.d(C.java:1)at a.b.C.e(C.java:2)')).toBe(
      'a.b.CException: d.e.Store\n\tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.java:2)',
    );
  });

  it.each([
    [
      'with frames',
      'a.b.CException: text at a.b.C.d(C.java:1) Caused by: d.e.FException: more Caused by: g.h.IError: last',
      'a.b.CException: text\n\tat a.b.C.d(C.java:1)\nCaused by: d.e.FException: more\nCaused by: g.h.IError: last',
    ],
    [
      'without any',
      'a.b.CException: text Caused by: d.e.FException: more',
      'a.b.CException: text\nCaused by: d.e.FException: more',
    ],
  ])('parts causes that follow each other %s', (_, folded, lines) => {
    expect(unfoldTrace(folded)).toBe(lines);
  });

  it.each([
    [
      'a trace in lines',
      'a.b.CException: text\n\tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.java:2)\nCaused by: a.b.XException: text',
    ],
    ['a message about a place', 'Retrying after a failure at a.b.C.d(C.java:1)'],
    ['a message that tells a cause', 'Failed to apply a change to orders. Caused by: d.e.FException: more'],
    ['a message with other words', 'Looked at (Orders.java:12) and at the rest'],
  ])('leaves %s as it is', (_, text) => {
    expect(unfoldTrace(text)).toBe(text);
  });

  it('takes no longer for a line of many exceptions than for its reading', () => {
    const text = `${'x at a.b.C.d(C.java:1) '.repeat(20_000)}${'a.b.CException '.repeat(40_000)}at a.b.C.d(C.java:1) ${' '.repeat(200_000)}(D.java:2)`;

    expect(unfoldTrace(text).split('\n')).toHaveLength(20_002);
  });

  it('lets the exception behind a transition be seen', () => {
    const { chain, message } = parseEntry(
      Buffer.from(
        '2026-03-02 10:16:02,377 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job clicks (5a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d) switched from state RUNNING to FAILING. a.b.WrapException: no slots at a.b.C.d(C.java:1)',
      ),
    );

    expect(chain).toEqual(['a.b.WrapException']);
    expect(message).toContain('to FAILING.');
  });
});
