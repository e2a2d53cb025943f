// Runs the stages of a service together. If one of them fails, the others and the server end as well, and the service
// ends with that error, because a process without one of its stages seems to run but does nothing.
import { setMaxListeners } from 'node:events';

export type Stage = (signal: AbortSignal) => Promise<void>;

/** Runs until `stop` aborts and all stages have ended. Throws the error of the first stage that failed. */
export async function runStages(
  stop: AbortSignal,
  server: { close(): Promise<void> } | undefined,
  stages: readonly Stage[],
): Promise<void> {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const end = (): void => ending.abort();
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  const errors: unknown[] = [];
  await Promise.all(
    stages.map((stage) =>
      stage(ending.signal).catch((error: unknown) => {
        errors.push(error);
        end();
      }),
    ),
  );
  stop.removeEventListener('abort', end);
  await server?.close();
  if (errors.length > 0) throw errors[0];
}
