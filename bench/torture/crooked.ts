// Opens a proxy before a real Elasticsearch that has several faults at once. Each fault has a begin and an end; the
// first active fault that matches a request handles it. The proxy is that of the tests.
import type { Fault } from '../../store/testing/fault-proxy.js';
import { openFaultProxy } from '../../store/testing/fault-proxy.js';

export interface Crooked {
  readonly url: string;
  /** Begins a fault and returns a function that ends it. */
  begin(fault: Fault): () => void;
  /** Number of requests that were answered by a fault. */
  readonly faults: number;
  close(): Promise<void>;
}

export async function openCrooked(target: string): Promise<Crooked> {
  const proxy = await openFaultProxy(target);
  const on = new Set<Fault>();
  proxy.setFault((request) => {
    for (const fault of on) {
      const answer = fault(request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  });
  return {
    url: proxy.url,
    begin: (fault) => {
      on.add(fault);
      return () => void on.delete(fault);
    },
    get faults() {
      return proxy.faults();
    },
    close: () => proxy.close(),
  };
}
