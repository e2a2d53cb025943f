// Sums up which past incidents a Flink upgrade would fix: defects of Flink, by the version that fixes them. Rules that
// recognize such a defect name the version in their value `mended`. The API, the command line and the page show the
// sums. Pure functions.
import type { Diagnosis, Incident } from '../documents/incident.js';
import type { Language } from '../types.js';
import { countOf } from '../text/count.js';

/** Incidents that are defects of Flink, and the version that fixes them. */
export interface FixedDefects {
  readonly version: string;
  readonly incidents: number;
  readonly jobs: number;
  /** Tickets of Flink, or rule ids if the rules name no ticket. */
  readonly defects: readonly string[];
}

export interface Advice {
  /** Number of all incidents that were examined. */
  readonly incidents: number;
  /** Versions, those that fix the most incidents first. */
  readonly mended: readonly FixedDefects[];
}

/** Incident, as the store has it or as the API returns it in one language. */
export interface AdvisedIncident extends Pick<Incident, 'id' | 'cluster' | 'job' | 'facts'> {
  readonly diagnoses: readonly Pick<Diagnosis, 'rule' | 'values'>[];
}

export function sumAdvice(incidents: readonly AdvisedIncident[]): Advice {
  const byVersion = new Map<string, { incidents: number; jobs: Set<string>; defects: Set<string> }>();
  for (const { id, cluster, job, facts, diagnoses } of incidents) {
    const known = diagnoses.find(({ values }) => values['mended'] !== undefined);
    const version = chooseVersion(known?.values['mended'] ?? '', facts.flinkVersion);
    if (known === undefined || version === undefined) continue;
    const sum = byVersion.get(version) ?? { incidents: 0, jobs: new Set(), defects: new Set() };
    sum.incidents += 1;
    sum.jobs.add(job === undefined ? id : (job.name ?? `${cluster} ${job.id}`));
    sum.defects.add(known.values['ticket'] ?? known.rule);
    byVersion.set(version, sum);
  }
  const mended = [...byVersion].map(([version, { incidents: count, jobs, defects }]) => ({
    version,
    incidents: count,
    jobs: jobs.size,
    defects: [...defects].sort(),
  }));
  return { incidents: incidents.length, mended: mended.sort((a, b) => b.incidents - a.incidents) };
}

/** Chooses from "1.14.6 or 1.15.1" the version with the current minor version, else the first newer one. */
function chooseVersion(mended: string, current: string | undefined): string | undefined {
  const versions = [...(mended.match(/(?<!\d)\d+\.\d+(?:\.\d+)?/g) ?? [])].sort(compareVersions);
  if (current === undefined) return versions.at(-1);
  const minor = minorOf(current);
  return (
    versions.find((version) => minorOf(version) === minor) ??
    versions.find((version) => compareVersions(version, current) > 0) ??
    versions.at(-1)
  );
}

function minorOf(version: string): string {
  return version.split('.', 2).join('.');
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const place of [0, 1, 2]) {
    const difference = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns one sentence for each version. */
export function describeAdvice({ incidents, mended }: Advice, language: Language): readonly string[] {
  return mended.map(({ version, incidents: count, jobs, defects }) => {
    if (language === 'zh')
      return `最近 ${incidents} 个故障中，有 ${count} 个是 Flink ${version} 已修复的缺陷（${defects.join('、')}），涉及 ${jobs} 个作业。`;
    const where = `on ${countOf(jobs, 'job')}`;
    const what = count === 1 ? 'is a Flink defect' : 'are Flink defects';
    return `${count} of the last ${incidents} incidents ${what} that ${version} fixes (${defects.join(', ')}), ${where}.`;
  });
}
