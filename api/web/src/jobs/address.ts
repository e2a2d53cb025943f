// What the rooms of the jobs have in the address: the range. In: the address. Out: its name, and what the API is asked
// for. The list and the room of one job read it.
import { useSearchParams } from 'wouter';
import { RANGES } from '../search/address.ts';

const USUAL_RANGE = '1d';

/** Name of the range, and its beginning for the API. */
export function useRange(): { readonly range: string; readonly parameters: () => Record<string, string> } {
  const [address] = useSearchParams();
  const name = address.get('range') ?? USUAL_RANGE;
  const range = name in RANGES ? name : USUAL_RANGE;
  const ms = RANGES[range]?.ms ?? 0;
  // The API's own default is a day.
  return { range, parameters: () => ({ from: new Date(ms === 0 ? 0 : Date.now() - ms).toISOString() }) };
}
