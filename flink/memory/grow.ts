// Finds settings that still fit: changes to a process's memory options, and the total size (or the smaller managed
// fraction) that they need so that what the job had is kept. In: options, changes, the parts to keep. Out: a patch that
// starts, checked with the model, with the memory before and after; or the problem that nothing solves. fix.ts builds
// the fixes of single causes on this. Nothing here guesses how much a job needs.
import { isMemoryProblem, type MemoryLayout, type MemoryProblem, type MemoryProblemKind } from './words.js';
import { TASK_MANAGER, parseVersion, type MemoryOption } from './option-table.js';
import { MEBIBYTE, parseMemorySize } from './size.js';
import type { Deployment } from './taskmanager.js';
import { computeTaskManagerMemory } from './memory.js';

/** Process whose options are to be changed. */
export interface MemoryTarget {
  readonly options: ReadonlyMap<string, string>;
  /** Flink's version as printed. */
  readonly version: string;
  readonly deployment?: Deployment;
}

export type Patch = Readonly<Record<string, string>>;
type Parts<Layout> = Partial<Readonly<Record<keyof Layout, number>>>;

export interface Growth<Layout> {
  readonly changes: Patch;
  /** Parts that must not become smaller than they are. */
  readonly keep: readonly (keyof Layout)[];
  /** Parts that must reach these bytes. */
  readonly atLeast?: Parts<Layout>;
}

/**
 * Kind of fix. `fits`: the changes alone are enough; `grown`: a total size is in the patch; `shrunk`: managed memory
 * pays; `enough`: nothing to change.
 */
export type FixNote = 'fits' | 'grown' | 'shrunk' | 'enough';

export interface MemoryFit<Layout> {
  readonly patch: Patch;
  readonly before: Layout;
  readonly after: Layout;
  readonly note: FixNote;
  /** Number of bytes that the process takes in addition: the cost of the fix. */
  readonly addedBytes: number;
}

export type FitResult<Layout> = MemoryFit<Layout> | { readonly problem: MemoryProblem };

/** Model of one kind of process, its totals, and the first version that has them. */
export interface ProcessModel<Layout> {
  readonly compute: (
    options: ReadonlyMap<string, string>,
    version: string,
    deployment?: Deployment,
  ) => Layout | MemoryProblem;
  readonly since: number;
  readonly parts: readonly MemoryOption[];
  readonly flink: MemoryOption;
  readonly process: MemoryOption;
  readonly legacyHeap: MemoryOption;
  readonly legacyHeapMb: MemoryOption;
}

const TASK_MANAGER_MODEL: ProcessModel<MemoryLayout> = {
  ...TASK_MANAGER,
  compute: computeTaskManagerMemory,
  since: 11000,
  parts: [TASK_MANAGER.taskHeap, TASK_MANAGER.managed],
};

type BaseLayout = Pick<MemoryLayout, 'totalProcess' | 'totalFlink' | 'jvmMetaspace' | 'jvmOverhead'>;

/**
 * Tolerance in bytes. Fractions are truncated to bytes, so the same fraction of a larger total can be a byte short,
 * which is no loss.
 */
const SLACK_BYTES = 1024;
const LARGEST_MIB = 2 ** 24;

/** Grows the memory of a TaskManager; see growModel. */
export function growProcess(target: MemoryTarget, growth: Growth<MemoryLayout>): FitResult<MemoryLayout> {
  return growModel(TASK_MANAGER_MODEL, target, growth);
}

/**
 * Applies the changes. If they alone would not start, or would take from what is kept, raises the total that the job
 * configures to the smallest whole MiB that is enough. With a Flink and a process total, both grow.
 */
function growModel<Layout extends BaseLayout>(
  model: ProcessModel<Layout>,
  target: MemoryTarget,
  growth: Growth<Layout>,
): FitResult<Layout> {
  const before = model.compute(target.options, target.version, target.deployment);
  if (isMemoryProblem(before)) return { problem: before };
  const wanted = { ...pickParts(before, growth.keep), ...growth.atLeast };
  const probe = (patch: Patch): Probe<Layout> =>
    probeLayout(model.compute(applyPatch(target.options, patch), target.version, target.deployment), wanted);
  const alone = probe(growth.changes);
  if (alone.verdict === 'fits') return createFit(growth.changes, before, alone.layout, 'fits');

  const totals = findTotals(model, { ...target, options: applyPatch(target.options, growth.changes) });
  const patch =
    totals.inner === undefined
      ? raiseTotal(totals.outer, growth.changes, probe)
      : raiseBoth(model, { ...target, totals, changes: growth.changes, wanted, overhead: before.jvmOverhead });
  if (patch === undefined) return { problem: describeFailure(alone, growth) };
  const after = model.compute(applyPatch(target.options, patch), target.version, target.deployment);
  return isMemoryProblem(after) ? { problem: after } : createFit(patch, before, after, 'grown');
}

/** Applies the changes and takes what they need from managed memory, so that the process keeps its size. */
export function shrinkManaged(target: MemoryTarget, growth: Growth<MemoryLayout>): FitResult<MemoryLayout> {
  const before = computeTaskManagerMemory(target.options, target.version, target.deployment);
  if (isMemoryProblem(before)) return { problem: before };
  if ((parseVersion(target.version) ?? 0) < 11000)
    return { problem: ourProblem('option-missing', 'Before Flink 1.10 managed memory is part of the heap.', []) };
  const wanted = {
    ...pickParts(
      before,
      growth.keep.filter((part) => part !== 'managed'),
    ),
    ...growth.atLeast,
    totalProcess: 0,
  };
  const configured =
    target.options.has(TASK_MANAGER.managed.key) ||
    (TASK_MANAGER.managed.fallback ?? []).some((key) => target.options.has(key));
  const share = before.totalFlink === 0 ? 0 : before.managed / before.totalFlink;
  const largest = configured ? Math.floor(before.managed / MEBIBYTE) : Math.floor(share * 100 + 1e-6);
  const fill = (amount: number): Patch => ({
    ...growth.changes,
    ...(configured
      ? { [TASK_MANAGER.managed.key]: `${amount}m` }
      : { [TASK_MANAGER.managedFraction.key]: String(amount / 100) }),
  });
  const probe = (amount: number): Probe<MemoryLayout> =>
    probeLayout(
      computeTaskManagerMemory(applyPatch(target.options, fill(amount)), target.version, target.deployment),
      wanted,
    );
  // A smaller managed fraction leaves more for the rest, so the smallest reduction is searched.
  const reduction = findSmallest(0, largest, (less) => (probe(largest - less).verdict === 'fits' ? 'fits' : 'small'));
  if (reduction === undefined)
    return {
      problem: ourProblem('no-size-fits', 'Managed memory is too small to pay for this.', [
        TASK_MANAGER.managed.key,
        TASK_MANAGER.managedFraction.key,
      ]),
    };
  const found = probe(largest - reduction);
  return found.verdict === 'fits'
    ? createFit(fill(largest - reduction), before, found.layout, 'shrunk')
    : {
        problem: ourProblem('no-size-fits', 'Managed memory is too small to pay for this.', [TASK_MANAGER.managed.key]),
      };
}

/** Option that holds a total, and its present size. */
interface Total {
  readonly key: string;
  readonly bytes: number;
}

interface Totals {
  /** Process total, or the only total. */
  readonly outer: Total;
  /** Total that is derived before the process total: a Flink total, or 'parts' if the parts are set. */
  readonly inner?: Total | 'parts';
  /** False if no process total is set, because it then follows by itself. */
  readonly hasOuter: boolean;
}

function findTotals<Layout>(model: ProcessModel<Layout>, target: MemoryTarget): Totals {
  const version = parseVersion(target.version) ?? 0;
  const legacy =
    version < 20000 ? readTotal(target.options, [model.legacyHeap.key, model.legacyHeapMb.key]) : undefined;
  if (version < model.since)
    return { outer: legacy ?? { key: model.legacyHeap.key, bytes: 1024 * MEBIBYTE }, hasOuter: true };
  const standalone = target.deployment !== 'container';
  const process = readTotal(target.options, [model.process.key]) ?? (standalone ? undefined : legacy);
  const legacyInner = standalone ? legacy : undefined;
  const partsSet = model.parts.every((part) => hasAny(target.options, part));
  const inner = readTotal(target.options, [model.flink.key]) ?? legacyInner ?? (partsSet ? 'parts' : undefined);
  const outer = process ?? { key: model.process.key, bytes: 0 };
  return { outer, hasOuter: process !== undefined, inner };
}

function hasAny(options: ReadonlyMap<string, string>, option: MemoryOption): boolean {
  return [option.key, ...(option.fallback ?? [])].some((key) => options.has(key));
}

function readTotal(options: ReadonlyMap<string, string>, keys: readonly string[]): Total | undefined {
  for (const key of keys) {
    const text = options.get(key);
    if (text === undefined) continue;
    const size = parseMemorySize(key.endsWith('.mb') ? `${text}m` : text);
    return { key, bytes: 'bytes' in size ? Number(size.bytes) : 0 };
  }
  return undefined;
}

type Probe<Layout> =
  | { readonly verdict: 'fits'; readonly layout: Layout }
  | { readonly verdict: 'small' | 'large'; readonly problem?: MemoryProblem };

function probeLayout<Layout extends object>(result: Layout | MemoryProblem, wanted: Parts<Layout>): Probe<Layout> {
  if (isMemoryProblem(result)) return { verdict: result.larger === 'helps' ? 'small' : 'large', problem: result };
  const values = new Map<string, unknown>(Object.entries(result));
  const enough = Object.entries(wanted).every(
    ([part, bytes]) => typeof bytes !== 'number' || Number(values.get(part)) + SLACK_BYTES >= bytes,
  );
  return enough ? { verdict: 'fits', layout: result } : { verdict: 'small' };
}

function raiseTotal<Layout>(total: Total, changes: Patch, probe: (patch: Patch) => Probe<Layout>): Patch | undefined {
  const fill = (mebibytes: number): Patch => ({ ...changes, [total.key]: formatTotal(total.key, mebibytes) });
  const mebibytes = findSmallest(Math.ceil(total.bytes / MEBIBYTE), LARGEST_MIB, (size) => probe(fill(size)).verdict);
  return mebibytes === undefined ? undefined : fill(mebibytes);
}

interface BothTotals<Layout> extends MemoryTarget {
  readonly totals: Totals;
  readonly changes: Patch;
  readonly wanted: Parts<Layout>;
  /** JVM overhead that the process had, in bytes. */
  readonly overhead: number;
}

/**
 * Raises the inner total as if there were no process total, then puts a process total around it with the previous
 * overhead.
 */
function raiseBoth<Layout extends BaseLayout>(
  model: ProcessModel<Layout>,
  both: BothTotals<Layout>,
): Patch | undefined {
  const { totals, wanted } = both;
  const open = new Map([...both.options].filter(([key]) => !totals.hasOuter || key !== totals.outer.key));
  const probeInner = (patch: Patch): Probe<Layout> =>
    probeLayout(model.compute(applyPatch(open, patch), both.version, both.deployment), wanted);
  const innerFits = probeInner(both.changes).verdict === 'fits';
  const inner = innerFits
    ? both.changes
    : totals.inner === 'parts' || totals.inner === undefined
      ? undefined
      : raiseTotal(totals.inner, both.changes, probeInner);
  if (inner === undefined || !totals.hasOuter) return inner;
  const probeOuter = (patch: Patch): Probe<Layout> =>
    probeLayout(model.compute(applyPatch(both.options, patch), both.version, both.deployment), wanted);
  const layout = probeInner(inner);
  if (layout.verdict !== 'fits') return undefined;
  const around = layout.layout.totalFlink + layout.layout.jvmMetaspace + both.overhead;
  const same = {
    ...inner,
    [totals.outer.key]: formatTotal(totals.outer.key, Math.ceil(Math.max(around, totals.outer.bytes) / MEBIBYTE)),
  };
  // The previous overhead may have been at the edge of its range, where a rounded total does not fit.
  return probeOuter(same).verdict === 'fits' ? same : raiseTotal(totals.outer, inner, probeOuter);
}

/**
 * Returns the smallest whole number from `low` that fits. The probe says `small` if larger ones may fit, and `large` if
 * none above does.
 */
function findSmallest(
  low: number,
  high: number,
  probe: (size: number) => 'fits' | 'small' | 'large',
): number | undefined {
  let step = 1;
  let below = low - 1;
  let above = low;
  while (probe(above) === 'small') {
    if (above >= high) return undefined;
    below = above;
    above = Math.min(high, above + step);
    step *= 2;
  }
  while (above - below > 1) {
    const middle = Math.floor((above + below) / 2);
    if (probe(middle) === 'small') below = middle;
    else above = middle;
  }
  return probe(above) === 'fits' ? above : undefined;
}

function formatTotal(key: string, mebibytes: number): string {
  return key.endsWith('.mb') ? String(mebibytes) : `${mebibytes}m`;
}

function applyPatch(options: ReadonlyMap<string, string>, patch: Patch): ReadonlyMap<string, string> {
  return new Map([...options, ...Object.entries(patch)]);
}

function pickParts<Layout extends object>(layout: Layout, parts: readonly (keyof Layout)[]): Parts<Layout> {
  const names = new Set<PropertyKey>(parts);
  const picked: Partial<Record<keyof Layout, number>> = {};
  return Object.assign(picked, Object.fromEntries(Object.entries(layout).filter(([name]) => names.has(name))));
}

function createFit<Layout extends BaseLayout>(
  patch: Patch,
  before: Layout,
  after: Layout,
  note: FixNote,
): MemoryFit<Layout> {
  return { patch, before, after, note, addedBytes: after.totalProcess - before.totalProcess };
}

function describeFailure<Layout>(alone: Probe<Layout>, growth: Growth<Layout>): MemoryProblem {
  if (alone.verdict !== 'fits' && alone.problem !== undefined) return alone.problem;
  return ourProblem('no-size-fits', 'No total size gives the parts that are wanted.', Object.keys(growth.changes));
}

export function ourProblem(kind: MemoryProblemKind, message: string, options: readonly string[]): MemoryProblem {
  return { kind, message, options, larger: 'neither' };
}
