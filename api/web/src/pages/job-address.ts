// Reads the time range of the job views from the address. Returns its name and the parameters for the API. The list and
// the view of one job use it.
import { toIso } from '../../../../core/time/iso.ts';
import { useSearchParams } from 'wouter';
import { RANGES } from '../search/address.ts';

const USUAL_RANGE = '1d';

/** Returns the name of the range, and its start for the API. */
export function useRange(): { readonly range: string; readonly parameters: () => Record<string, string> } {
  const [address] = useSearchParams();
  const name = address.get('range') ?? USUAL_RANGE;
  const range = name in RANGES ? name : USUAL_RANGE;
  const ms = RANGES[range]?.ms ?? 0;
  // `from` is always set, because the API's default is one day.
  return { range, parameters: () => ({ from: toIso(ms === 0 ? 0 : Date.now() - ms) }) };
}
