// The stages of a service, run together: when one of them fails, the others and the server end as well, and the service
// ends with that error. A process that goes on without one of its stages looks alive and does nothing. Called by up.ts
// and parts.ts.

export type Stage = (signal: AbortSignal) => Promise<void>;

/** Until `stop` aborts and all have ended; throws what the first one threw that failed. */
export async function runStages(
  stop: AbortSignal,
  server: { close(): Promise<void> } | undefined,
  stages: readonly Stage[],
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const errors: unknown[] = [];
  await Promise.all(
    stages.map((stage) =>
      stage(signal).catch((error: unknown) => {
        errors.push(error);
        failed.abort();
      }),
    ),
  );
  await server?.close();
  if (errors.length > 0) throw errors[0];
}
