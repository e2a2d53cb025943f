// Finds all problems of the receivers in the settings: duplicate names, addresses that do not belong to their service,
// and missing or unknown fields of a kind. The folder of each kind defines its fields.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { findProxyProblem, STRAIGHT } from '../../core/proxy.js';
import type { Text } from '../../core/types.js';
import { findTemplateProblems } from '../card/template.js';
import { CHANNELS } from '../channels/table.js';

const HTTP: readonly string[] = ['http:', 'https:'];

/** Fields that every receiver may have. */
const COMMON: readonly (keyof ReceiverSettings)[] = [
  'name',
  'kind',
  'url',
  'language',
  'zone',
  'perMinute',
  'proxy',
  'fallback',
];

export function findReceiverProblems(receivers: readonly ReceiverSettings[]): readonly string[] {
  const names = receivers.map(({ name }) => name);
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `notify.receivers: the name "${name}" is used twice`),
    ...receivers
      .filter(({ name, fallback = '' }) => fallback === name || (fallback !== '' && !names.includes(fallback)))
      .map(
        ({ name, fallback }) =>
          `notify.receivers: "${name}" has the fallback "${fallback}", which is not another receiver`,
      ),
    ...receivers.flatMap((receiver) =>
      findProblems(receiver).map((problem) => `notify.receivers: "${receiver.name}" ${problem}`),
    ),
  ];
}

/** Returns what is unsafe about a valid receiver, in words. */
export function findReceiverRisk({ kind, url }: ReceiverSettings): Text | undefined {
  return URL.canParse(url) ? CHANNELS[kind].settings.findRisk?.(new URL(url)) : undefined;
}

function findProblems(receiver: ReceiverSettings): readonly string[] {
  const { kind, url, zone, proxy, template = {}, mentions = [] } = receiver;
  const { needs, takes, schemes = HTTP, example, findProblem, findMore, isCallable } = CHANNELS[kind].settings;
  const known = [...COMMON, ...needs, ...takes];
  const given = keysOf(receiver).filter((key) => receiver[key] !== undefined);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isRight = parsed !== undefined && parsed.hostname !== '' && schemes.includes(parsed.protocol);
  const named = schemes.map((scheme) => scheme.slice(0, -1)).join(' or ');
  const address = isRight ? findProblem?.(parsed) : `has an address that is not an ${named} address`;
  return [
    ...(address === undefined ? [] : [`${address}; it looks like ${example}`]),
    ...needs.filter((key) => !given.includes(key)).map((key) => `needs \`${key}\` (kind: ${kind})`),
    ...given
      .filter((key) => !known.includes(key))
      .map((key) => `has \`${key}\`, which means nothing for kind: ${kind}`),
    ...[findMore?.(receiver)].filter((problem) => problem !== undefined),
    ...(proxy === undefined || proxy === STRAIGHT || findProxyProblem(proxy) === undefined
      ? []
      : [`has a \`proxy\` that cannot be used: ${findProxyProblem(proxy)}`]),
    ...mentions
      .filter((name) => isCallable?.(name) === false)
      .map((name) => `mentions "${name}", whom kind: ${kind} cannot call: it takes user ids`),
    ...findTemplateProblems(template).map((problem) => `has a template: ${problem}`),
    ...(zone === undefined || isZone(zone)
      ? []
      : [`has the zone "${zone}", which is no IANA name such as Asia/Shanghai`]),
  ];
}

function keysOf(receiver: ReceiverSettings): readonly (keyof ReceiverSettings)[] {
  const all: Readonly<Record<keyof Required<ReceiverSettings>, true>> = {
    name: true,
    kind: true,
    url: true,
    language: true,
    secret: true,
    perMinute: true,
    zone: true,
    keyword: true,
    mentions: true,
    from: true,
    to: true,
    template: true,
    proxy: true,
    fallback: true,
  };
  return Object.keys(receiver).filter((key): key is keyof ReceiverSettings => key in all);
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
