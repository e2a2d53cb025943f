// Settings → what decide.ts goes by, for the service and for who measures it. What a rule says of itself the caller
// asks of the catalog, which may change.
import type { PrecisionFloor } from '../core/routing/feedback.js';
import type { Settings } from '../core/config/settings.js';
import { parseGlob } from '../core/text/glob.js';
import type { DecidePolicy } from './decide.js';
import type { NotifyPolicy } from './notify.js';
import type { RoutingOptions } from './routing/router.js';

/** What a rule says of itself. */
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
