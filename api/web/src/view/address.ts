// What stands in the address of a room, and where a room is that others lead to. In: the address, or what a room is
// about. Out: what is chosen there, and how it is changed; an address. Lists and cards use it.
import { useSearchParams } from 'wouter';

/** A value that is empty stands there no more. */
export function useChoices(): {
  readonly address: URLSearchParams;
  readonly choose: (name: string, value: string | null) => void;
} {
  const [address, setAddress] = useSearchParams();
  const choose = (name: string, value: string | null): void => {
    const next = new URLSearchParams(address);
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
    setAddress(next, { replace: true });
  };
  return { address, choose };
}

/** Each of the words, in whatever case. */
export function holdsWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** Of a job by its name or its id; a name holds anything, also a slash. */
export function addressOfJob(job: string, range: string): string {
  return `/job?${new URLSearchParams({ job, range }).toString()}`;
}

export function addressOfCluster(cluster: string, range: string): string {
  return `/cluster?${new URLSearchParams({ cluster, range }).toString()}`;
}
