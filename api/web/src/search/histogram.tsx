// Lines over time, coloured by level. In: the counts of the first page of a search. Out: the time range over which the
// reader drags. Not React draws it but a canvas, made anew for other counts.
import { useMantineTheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { RecordPage } from '../../../../store/store.ts';

type Buckets = NonNullable<RecordPage['histogram']>;
const HEIGHT = 92;

export function Histogram({
  buckets,
  zoom,
}: {
  readonly buckets: Buckets;
  readonly zoom: (from: string, to: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useMantineTheme();
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
    const axis = { stroke: getComputedStyle(element).color, grid: { show: false }, ticks: { show: false } };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [4, 8, 0, 0],
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
        select: { show: true, left: 0, top: 0, width: 0, height: 0 },
        axes: [
          { ...axis, size: 22 },
          { ...axis, size: 52 },
        ],
        series: [
          {},
          series('other', theme.colors.teal[4]),
          series('WARN', theme.colors.yellow[6]),
          series('ERROR', theme.colors.red[6]),
        ],
        hooks: {
          setSelect: [
            (self) => {
              if (self.select.width < 4) return;
              zoom(
                toIso(self.posToVal(self.select.left, 'x')),
                toIso(self.posToVal(self.select.left + self.select.width, 'x')),
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
  }, [buckets, theme, zoom]);
  return <div ref={box} className="histogram" />;
}

/** Tallest first, so that each level shows above the one drawn after it. */
function stack(buckets: Buckets): uPlot.AlignedData {
  const errors = buckets.map(({ counts }) => (counts.ERROR ?? 0) + (counts.FATAL ?? 0));
  const warnings = buckets.map(({ counts }, index) => (counts.WARN ?? 0) + (errors[index] ?? 0));
  const all = buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
  return [buckets.map(({ time }) => Date.parse(time) / 1000), all, warnings, errors];
}

function toIso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
