// Wraps a notifier whose settings may change while it runs. A new notifier replaces the previous one after that has
// finished its work, and continues with the same outbox. Calls in between wait for the new one, so that no message is
// lost or sent twice.
import type { Notifier } from './notify.js';
import type { Outbox } from './deliver/outbox.js';

export interface ReloadableNotifier extends Notifier {
  /** Replaces the notifier. The previous one continues if `make` throws. */
  replace(make: (outbox: Outbox) => Notifier | Promise<Notifier>): Promise<void>;
}

export function createReloadableNotifier(first: Notifier): ReloadableNotifier {
  let current = first;
  let replacing: Promise<void> | undefined;
  let stopRun: (() => Promise<void>) | undefined;
  const active = new Set<Promise<unknown>>();

  async function use<Result>(work: (notifier: Notifier) => Promise<Result>): Promise<Result> {
    while (replacing !== undefined) await replacing.catch(() => undefined);
    const result = work(current);
    active.add(result);
    try {
      return await result;
    } finally {
      active.delete(result);
    }
  }

  async function exchange(make: (outbox: Outbox) => Notifier | Promise<Notifier>): Promise<void> {
    await Promise.allSettled([...active]);
    await stopRun?.();
    current = await make(current.outbox);
  }

  return {
    get outbox() {
      return current.outbox;
    },
    incidentChanged: (incident) => use((notifier) => notifier.incidentChanged(incident)),
    incidentGone: (id) => use((notifier) => notifier.incidentGone(id)),
    forget: () => current.forget(),
    receiveAlerts: (message) => use((notifier) => notifier.receiveAlerts(message)),
    waiting: () => current.waiting(),
    stepOnce: () => use((notifier) => notifier.stepOnce()),
    async replace(make) {
      while (replacing !== undefined) await replacing.catch(() => undefined);
      replacing = exchange(make).finally(() => {
        replacing = undefined;
      });
      await replacing;
    },
    async run(signal) {
      while (!signal.aborted) {
        const stop = new AbortController();
        const running = current.run(AbortSignal.any([signal, stop.signal]));
        stopRun = async () => {
          stop.abort();
          await running;
        };
        await running;
        stopRun = undefined;
        while (replacing !== undefined) await replacing.catch(() => undefined);
      }
    },
  };
}
