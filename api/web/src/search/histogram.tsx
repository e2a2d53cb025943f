// Shows lines over time, coloured by level, in the time zone that the reader has chosen; a tooltip shows the counts of
// a bar. Takes the counts of the first page of a search; returns the range that the reader selects by dragging. uPlot
// draws it on a canvas, which is created again for other counts.
import { toIso } from '../../../../core/time/iso.ts';
import { useComputedColorScheme, useMantineTheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { writeTime, type Zone } from '../view/clock.ts';
import { useZone } from '../view/time.tsx';
import { nameTime, stack, type Buckets } from './bars.ts';

const HEIGHT = 92;
/** Padding in pixels. The right side has half the width of a time, so that the last label of the axis is not cut. */
const PADDING_PX: uPlot.Padding = [4, 40, 0, 0];
/** Smallest distance between two labels of the axis, in pixels; a label may contain a date. */
const TIME_PX = 90;

export function Histogram({
  buckets,
  zoom,
}: {
  readonly buckets: Buckets;
  readonly zoom: (from: string, to: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useMantineTheme();
  const scheme = useComputedColorScheme('light');
  const zone = useZone();
  const [hovered, setHovered] = useState<number>();
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const bars = uPlot.paths.bars?.({ size: [0.9, 40] });
    const series = (label: string, color: string | undefined): uPlot.Series => ({
      label,
      fill: color ?? 'gray',
      stroke: color ?? 'gray',
      width: 0,
      points: { show: false },
      paths: bars,
    });
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: PADDING_PX,
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        axes: describeAxes(getComputedStyle(element).color, zone),
        series: [
          {},
          series('other', theme.colors.teal[4]),
          series('WARN', theme.colors.yellow[6]),
          series('ERROR', theme.colors.red[6]),
        ],
        tzDate: (seconds) => toDate(seconds, zone),
        hooks: {
          setCursor: [(self) => setHovered(self.cursor.idx ?? undefined)],
          setSelect: [
            (self) => {
              if (self.select.width < 4) return;
              zoom(
                toIso(1000 * self.posToVal(self.select.left, 'x')),
                toIso(1000 * self.posToVal(self.select.left + self.select.width, 'x')),
              );
            },
          ],
        },
      },
      stack(buckets),
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [buckets, theme, scheme, zone, zoom]);
  const bar = hovered === undefined ? undefined : buckets[hovered];
  return (
    <div className="bars">
      <div ref={box} className="histogram" />
      {bar !== undefined && (
        <div className="quiet" aria-hidden>
          {writeTime(bar.time, zone)}
          {Object.entries(bar.counts).map(([level, count]) => (
            <span key={level} className={`level-${level}`}>
              {' · '}
              {level} {count.toLocaleString()}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

/** Describes the axes: time in the zone below, and the number of lines. */
function describeAxes(color: string, zone: Zone): uPlot.Axis[] {
  const axis = { stroke: color, grid: { show: false }, ticks: { show: false } };
  const values: uPlot.Axis.Values = (_plot, splits, _axis, _space, step) =>
    splits.map((split) => nameTime(split, step, zone));
  return [
    { ...axis, size: 22, space: TIME_PX, values },
    { ...axis, size: 52 },
  ];
}

/** Returns a date whose local fields are those of the zone, so that uPlot finds whole hours and days. */
function toDate(seconds: number, zone: Zone): Date {
  const date = new Date(seconds * 1000);
  return zone === 'utc' ? uPlot.tzDate(date, 'Etc/UTC') : date;
}
