// Shows a stack trace. A row has class and message of the root exception, the first frame of user code and the number
// of frames. The opened trace shows the root first, user frames bold and library frames folded, or the trace as logged.
// Takes the text of a record. A row (record.tsx) shows it.
import { Button, Code, CopyButton, Group, SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ChainLink, LogRecord } from '../../../../core/types.ts';
import { firstChain, firstUserFrame, parseChain, root } from '../../../../flink/trace/chain.ts';
import { useTexts } from '../texts/text.tsx';
import { CODE } from './code.ts';
import { foldFrames, shortFrame, shortName, type FrameSegment } from './frames.ts';
import { Highlighted } from './highlight.tsx';

/** Returns the exception chain of a record; undefined if it has no exception. */
export function useChain(record: LogRecord): readonly ChainLink[] | undefined {
  const { 'error.stack_trace': stack, 'flink.chain': chain } = record;
  return useMemo(() => {
    if (stack === undefined || chain === undefined) return undefined;
    const links = parseChain(stack);
    return links.length === 0 ? undefined : links;
  }, [stack, chain]);
}

/** Renders the trace in a row, after the message. */
export function TraceLine({ links }: { readonly links: readonly ChainLink[] }) {
  const { t } = useTexts();
  const origin = root(links);
  const frame = firstUserFrame(links, CODE);
  const count = links.reduce((sum, link) => sum + link.frames.length, 0);
  return (
    <span className="trace">
      <span className="cut" title={origin?.type}>
        <b>
          <Highlighted text={shortName(origin?.type ?? '')} />
        </b>
        {origin !== undefined && origin.message !== '' && (
          <>
            : <Highlighted text={origin.message.split('\n')[0] ?? ''} isCut />
          </>
        )}
      </span>
      {frame !== undefined && (
        <span className="own cut" title={`${t('userFrame')}\n${frame}`}>
          at <Highlighted text={shortFrame(frame)} />
        </span>
      )}
      {count > 0 && (
        <span className="quiet">
          +{count} {t('frames')}
        </span>
      )}
    </span>
  );
}

export function OpenedTrace({ record, links }: { readonly record: LogRecord; readonly links: readonly ChainLink[] }) {
  const { t } = useTexts();
  const [isNative, setNative] = useState(false);
  return (
    <>
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          value={isNative ? 'native' : 'root'}
          onChange={(value) => setNative(value === 'native')}
          data={[
            { value: 'root', label: t('rootFirst') },
            { value: 'native', label: t('nativeTrace') },
          ]}
        />
        <CopyButton value={record['event.original']}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? t('copied') : t('copyText')}
            </Button>
          )}
        </CopyButton>
      </Group>
      {isNative ? <NativeText record={record} /> : <RootFirst record={record} links={links} />}
    </>
  );
}

export function NativeText({ record }: { readonly record: LogRecord }) {
  return (
    <Code block className="log" mah={520} style={{ overflow: 'auto' }} tabIndex={0}>
      <Highlighted text={record['event.original']} />
    </Code>
  );
}

/** Renders the message of the line, then the chain from its root outwards, then suppressed exceptions. */
function RootFirst({ record, links }: { readonly record: LogRecord; readonly links: readonly ChainLink[] }) {
  const { t } = useTexts();
  const origin = root(links);
  const own = firstChain(links);
  const outwards = [...own].reverse().filter((link) => link !== origin);
  const others = links.filter((link) => !own.includes(link));
  return (
    <Code block className="log" mah={520} style={{ overflow: 'auto' }} tabIndex={0}>
      <Highlighted text={record.message.trimEnd()} />
      {'\n\n'}
      {origin !== undefined && <Link link={origin} header={t('rootCause')} isRoot />}
      {outwards.map((link, index) => (
        <Link key={index} link={link} header={t('wrappedBy')} />
      ))}
      {others.map((link, index) => (
        <Link key={index} link={link} header={link.relation === 'suppressed' ? t('suppressed') : t('wrappedBy')} />
      ))}
    </Code>
  );
}

function Link({
  link,
  header,
  isRoot = false,
}: {
  readonly link: ChainLink;
  readonly header: string;
  readonly isRoot?: boolean;
}) {
  return (
    <div className={isRoot ? 'link root' : 'link'}>
      <div>
        <span className="quiet">{header} · </span>
        <b>
          <Highlighted text={link.type} />
        </b>
        {link.message !== '' && (
          <>
            : <Highlighted text={link.message} />
          </>
        )}
      </div>
      {foldFrames(link.frames, isRoot, CODE).map((segment, index) => (
        <Frames key={index} {...segment} />
      ))}
    </div>
  );
}

function Frames({ frames, isFolded }: FrameSegment) {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(!isFolded);
  if (!isOpen)
    return (
      <button type="button" className="fold" onClick={() => setOpen(true)}>
        … {t('moreFrames').replace('{n}', String(frames.length))}
      </button>
    );
  return frames.map((frame, index) => (
    <div key={index} className={CODE.isUser(frame) ? 'frame-line own' : 'frame-line'}>
      at <Highlighted text={frame} />
    </div>
  ));
}
