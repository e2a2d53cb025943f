// Chooses the values of a scenario's parameters: names, sizes and data that a run may vary, so that it differs from its
// recording in everything but its cause. Takes the parameters and a seed and returns the values, which replace `@name@`
// in any text of the scenario. Without a seed each parameter has its default.
import { createRandom } from '../reference/memory-sample.js';

export interface Parameter {
  readonly default: string | number;
  /**
   * Values that a seed may choose: the name of any job, table or topic; a whole number in a range; or one of a list.
   */
  readonly vary: 'name' | { readonly from: number; readonly to: number } | readonly string[];
}

export type Parameters = Readonly<Record<string, Parameter>>;

export const PARAMETERS_SCHEMA = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['default', 'vary'],
    properties: {
      default: { type: ['string', 'number'] },
      vary: {
        anyOf: [
          { const: 'name' },
          {
            type: 'object',
            additionalProperties: false,
            required: ['from', 'to'],
            properties: { from: { type: 'integer' }, to: { type: 'integer' } },
          },
          { type: 'array', minItems: 2, items: { type: 'string' } },
        ],
      },
    },
  },
};

const FIRST = [
  'billing',
  'cart',
  'churn',
  'click',
  'device',
  'fleet',
  'fraud',
  'grid',
  'hotel',
  'ledger',
  'meter',
  'parcel',
  'rider',
  'seat',
  'stock',
  'ticket',
  'tram',
  'voucher',
];
const SECOND = [
  'audit',
  'daily',
  'index',
  'join',
  'merge',
  'report',
  'rollup',
  'scores',
  'stats',
  'sync',
  'totals',
  'watch',
];

/** Returns name → value. The same seed and scenario always give the same values. */
export function chooseValues(
  parameters: Parameters,
  seed: number | undefined,
  scenario: string,
): ReadonlyMap<string, string> {
  const random = createRandom(hashText(`${seed ?? 0} ${scenario}`));
  return new Map(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      seed === undefined ? String(parameter.default) : chooseValue(parameter, random),
    ]),
  );
}

function chooseValue({ vary }: Parameter, random: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  if (vary === 'name') return `${pick(FIRST)}-${pick(SECOND)}`;
  if ('from' in vary) return String(vary.from + Math.floor(random() * (vary.to - vary.from + 1)));
  return pick(vary);
}

/** Replaces every `@name@` of a known name, in keys and texts at any depth. */
export function fillValues<T>(value: T, values: ReadonlyMap<string, string>): T;
export function fillValues(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item: unknown) => fillValues(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [fillText(key, values), fillValues(item, values)]),
  );
}

export function fillText(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/@([A-Za-z][\w-]*)@/g, (whole, name: string) => values.get(name) ?? whole);
}

function hashText(text: string): number {
  let hash = 2166136261;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
  return hash;
}
