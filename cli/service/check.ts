// Checks settings beyond their form: receivers, routes and the OpenID Connect provider. "jobtrace config check" prints
// the problems, and a reload checks new settings before it uses them.
import type { Settings } from '../../core/config/settings.js';
import { findReceiverProblems } from '../../notify/deliver/settings.js';
import { readRouting } from '../../notify/policy.js';
import { findRoutingProblems } from '../../notify/routing/context.js';
import { findAddressProblem } from '../settings.js';

/** Returns the problems, each with the name of its setting; empty if a service would start with the settings. */
export function findServiceProblems(settings: Settings): readonly string[] {
  const receivers = settings['notify.receivers'];
  return [
    ...findReceiverProblems(receivers),
    ...findRoutingProblems({ ...readRouting(settings), receivers: receivers.map(({ name }) => name) }),
    ...findProviderProblems(settings),
    ...(['api.listen', 'analyzer.listen', 'agent.listen'] as const)
      .filter((name) => settings[name] !== '')
      .flatMap((name) => findAddressProblem(name, settings[name]) ?? []),
  ];
}

/** Returns the problems of the provider; empty without a provider. */
export function findProviderProblems(settings: Settings): readonly string[] {
  const issuer = settings['api.oidc.issuer'];
  if (issuer === '') return [];
  return [
    ...(URL.canParse(issuer) ? [] : [`api.oidc.issuer is "${issuer}", which is not a URL.`]),
    ...(settings['api.oidc.clientId'] === '' ? ['api.oidc.clientId is empty.'] : []),
    ...(URL.canParse(settings['api.publicUrl'])
      ? []
      : ['api.publicUrl must be set: the provider sends people back to it.']),
    ...(settings['api.oidc.grants'].length === 0
      ? ['api.oidc.grants is empty and no team has groups, so nobody would have access.']
      : []),
  ];
}
