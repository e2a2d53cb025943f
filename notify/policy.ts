// Builds the policy of decide.ts from the settings, for the service and for benchmarks. The caller passes functions for
// the properties of rules, because the catalog may change.
import type { PrecisionFloor } from '../core/documents/precision.js';
import type { Settings } from '../core/config/settings.js';
import { parseGlob } from '../core/text/glob.js';
import type { DecidePolicy } from './decide/decide.js';
import type { NotifyPolicy } from './notify.js';
import type { RoutingOptions } from './routing/router.js';

/** Properties that a rule declares. */
export type RulePolicy = Pick<DecidePolicy, 'isSymptom' | 'isNews' | 'doubtMs'>;

export function readPolicy(settings: Settings, rules: RulePolicy): NotifyPolicy {
  return {
    settleMs: settings['notify.settleMs'],
    symptomWaitMs: settings['notify.symptomWaitMs'],
    attachWaitMs: settings['notify.attachWaitMs'],
    backlogAfterMs: settings['notify.backlogAfterMs'],
    stillFailingAfterMs: settings['notify.stillFailingAfterMs'],
    clientAlerts: settings['notify.clientAlerts'],
    mutes: settings['notify.mutes'].map(parseGlob),
    jobLabels: settings['notify.jobLabels'],
    floor: readFloor(settings),
    ...rules,
  };
}

export function readFloor(settings: Settings): PrecisionFloor {
  return {
    share: settings['notify.precisionFloorPercent'] / 100,
    leastVerdicts: settings['notify.precisionVerdicts'],
  };
}

export function readRouting(settings: Settings): RoutingOptions {
  return {
    route: settings['notify.route'],
    timeIntervals: settings['notify.timeIntervals'],
    teams: settings['notify.teams'],
  };
}
