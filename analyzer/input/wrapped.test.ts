import { describe, expect, it } from 'vitest';
import { joinCut, joinWrapped, mayBeCut, mayBeWrapped } from './wrapped.js';

const MAIL = [
  'Hi all, our job fails after some hours with the exception below. What could',
  'be the reason?',
  '',
  '2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task [] -',
  'Source: orders -> enrich (1/2)#0 switched from RUNNING to FAILED with failure',
  'cause: org.acme.BrokenException: the first line of a message.',
  'Second line.',
  '\tat',
  'org.apache.flink.streaming.runtime.tasks.mailbox.MailboxProcessor.runMailboxLoop(MailboxProcessor.java:231)',
  '~[flink-dist-1.20.1.jar:1.20.1]',
  '\tat com.acme.Orders.read(Orders.java:12) ~[orders.jar:?]',
  'Caused by:',
  'java.lang.NullPointerException',
].join('\n');

describe('joinWrapped', () => {
  it('joins what a mail program broke, and nothing else', () => {
    expect(mayBeWrapped(MAIL)).toBe(true);
    expect(joinWrapped(MAIL).split('\n')).toEqual([
      'Hi all, our job fails after some hours with the exception below. What could be the reason?',
      '',
      '2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task [] - Source: orders -> enrich (1/2)#0 switched from RUNNING to FAILED with failure cause: org.acme.BrokenException: the first line of a message.',
      'Second line.',
      '\tat org.apache.flink.streaming.runtime.tasks.mailbox.MailboxProcessor.runMailboxLoop(MailboxProcessor.java:231) ~[flink-dist-1.20.1.jar:1.20.1]',
      '\tat com.acme.Orders.read(Orders.java:12) ~[orders.jar:?]',
      'Caused by: java.lang.NullPointerException',
    ]);
  });

  it('leaves a log alone in which no part of a trace stands torn', () => {
    expect(mayBeWrapped(MAIL.replaceAll('\tat\n', '\tat ').replace('Caused by:\n', 'Caused by: '))).toBe(false);
  });
});

describe('a message that stands alone', () => {
  const words = [
    'Mar 02 10:16:02 Caused by: java.io.IOException: The acme disk of this machine',
    'has no room for the 17 pages that were asked for. Its size is set to 512',
    'pages of 4096 bytes each. You can make it larger by setting the options',
    "'acme.disk.size' and 'acme.disk.pages'.",
    'Mar 02 10:16:02 \tat com.acme.Disk.open(Disk.java:7)',
  ];

  it('is joined when every line of it is full', () => {
    expect(mayBeWrapped(words.join('\n'))).toBe(true);
    expect(joinWrapped(words.join('\n')).split('\n')).toEqual([words.slice(0, 4).join(' '), words[4]]);
  });

  it('is left alone when a line ends by itself, or holds one name', () => {
    expect(mayBeWrapped(words.with(2, 'pages of 4096 bytes each.').join('\n'))).toBe(false);
    const names = Array.from(
      { length: 5 },
      (_, index) => `com.acme.tables.factories.connectors.and.formats.FactoryNumber${index}`,
    );
    expect(
      mayBeWrapped(
        ['com.acme.NoFactoryException: The following factories have been looked at, one by one:', ...names].join('\n'),
      ),
    ).toBe(false);
  });
});

describe('joinCut', () => {
  const lines = [
    '2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task [] - Source: orders -> enrich (1/2)#0 switched from RUNNING to FAILED with failure cause: org.acme.BrokenException: text',
    `\tat org.apache.flink.streaming.runtime.tasks.mailbox.MailboxProcessor.runMailboxLoop(MailboxProcessor.java:231)`,
    '\tat com.acme.Orders.read(Orders.java:12)',
  ];
  const cut = lines.map((line) => line.replace(/(.{60})(?=.)/g, '$1\n')).join('\n');

  it('joins the lines that a terminal filled', () => {
    expect(mayBeCut(cut)).toBe(true);
    expect(joinCut(cut)).toBe(lines.join('\n'));
  });

  it('leaves a log alone whose longest lines are alike', () => {
    const log = Array.from(
      { length: 9 },
      (_, index) =>
        `2026-03-02 10:16:0${index},377 INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator [] - text`,
    ).join('\n');

    expect(mayBeCut(log)).toBe(false);
  });

  it('leaves the rows of `kubectl get pods` alone', () => {
    const rows = ['x9wvp', '7lmzt', '2x8qk'].map(
      (end) => `orders-taskmanager-5f7b9c8d6-${end}     0/1     Pending   0          12m`,
    );

    expect(
      mayBeCut(['NAME                                    READY   STATUS    RESTARTS   AGE', ...rows].join('\n')),
    ).toBe(false);
  });
});
