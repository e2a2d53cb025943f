// Reads and changes the parameters of a view in the address, and builds the addresses of views that others link to.
// Lists and cards use it.
import { useSearchParams } from 'wouter';

/** Returns the address and a function that sets a parameter; an empty value removes it. */
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

/** Returns true if the text contains each of the words, ignoring case. */
export function holdsWords(text: string, words: string): boolean {
  const lower = text.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** Returns the address of a job by name or id. A name may contain any character, including a slash. */
export function addressOfJob(job: string, range: string): string {
  return `/job?${new URLSearchParams({ job, range }).toString()}`;
}

export function addressOfCluster(cluster: string, range: string): string {
  return `/cluster?${new URLSearchParams({ cluster, range }).toString()}`;
}
