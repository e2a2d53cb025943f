// Compares what rules would have done to stored logs. Each case (the logs of a job or cluster) is diagnosed without the
// rules and with them, and the incidents are compared: failures that the rules claim and no rule named before, first
// diagnoses that they take from another rule, and hits where nothing had failed. Pure functions;
// `jobtrace rules backtest` reads the logs and prints the report.
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import { buildCatalog, type Catalog } from '../catalog/catalog.js';
import type { Rule } from '../catalog/rule.js';

export interface BacktestHit {
  readonly case: string;
  readonly file: string;
  readonly line: number;
  readonly title: string;
}

export interface RuleBacktest {
  readonly rule: string;
  /** Failures that no rule named before. */
  readonly claims: readonly BacktestHit[];
  /**
   * First diagnoses that it takes from a general rule. This is no conflict, because a specific rule is meant to replace
   * a general one.
   */
  readonly refines: readonly Taken[];
  /** First diagnoses that it takes from other rules. */
  readonly takes: readonly Taken[];
  /** Hits where nothing had failed. */
  readonly healthy: readonly BacktestHit[];
  /** Hits that stand below another diagnosis. */
  readonly follows: readonly BacktestHit[];
}

export interface Taken extends BacktestHit {
  /** Rule that stood first before. */
  readonly from: string;
}

/** Result that is being collected. */
type Collected = Pick<RuleBacktest, 'rule'> &
  Readonly<Record<'claims' | 'healthy' | 'follows', BacktestHit[]> & Record<'refines' | 'takes', Taken[]>>;

/** Returns the catalog without these rules. If one of them replaces a built-in rule, the built-in rule is restored. */
export function withoutRules(catalog: Catalog, rules: readonly Rule[], builtIn: Catalog): Catalog {
  const kept = catalog.rules.filter((rule) => !rules.includes(rule));
  const restored = rules.flatMap((rule) => {
    const original = builtIn.findRule(rule.id);
    return original === undefined || original.file === rule.file ? [] : [original];
  });
  return buildCatalog([...kept, ...restored], catalog.causes, catalog.engine);
}

/** Incidents of one case without the rules and with them. The id of an incident does not depend on rules. */
export interface CaseIncidents {
  readonly case: string;
  readonly before: readonly Incident[];
  readonly after: readonly Incident[];
}

export function compareCases(
  rules: readonly Rule[],
  cases: Iterable<CaseIncidents>,
  catalog: Catalog,
): readonly RuleBacktest[] {
  const found = new Map(
    rules.map(({ id }): [string, Collected] => [
      id,
      { rule: id, claims: [], refines: [], takes: [], healthy: [], follows: [] },
    ]),
  );
  for (const item of cases) {
    const before = new Map(item.before.map((incident) => [incident.id, incident]));
    for (const incident of item.after) {
      for (const [position, diagnosis] of incident.diagnoses.en.entries()) {
        const own = found.get(diagnosis.rule);
        if (own === undefined) continue;
        const hit = describeHit(item.case, diagnosis);
        const known = before.get(incident.id);
        const first = known?.diagnoses.en[0];
        if (known === undefined) own.healthy.push(hit);
        else if (position > 0) own.follows.push(hit);
        else if (first === undefined) own.claims.push(hit);
        else if (first.rule === diagnosis.rule) continue;
        else if (isGeneral(first, catalog)) own.refines.push({ ...hit, from: first.rule });
        else own.takes.push({ ...hit, from: first.rule });
      }
    }
  }
  return [...found.values()];
}

function isGeneral(diagnosis: Diagnosis, catalog: Catalog): boolean {
  return catalog.findRule(diagnosis.rule)?.general === true;
}

function describeHit(name: string, diagnosis: Diagnosis): BacktestHit {
  const [evidence] = diagnosis.evidence;
  return { case: name, file: evidence?.file ?? '', line: evidence?.line ?? 0, title: diagnosis.title };
}
