// Splits the log of Flink's Kubernetes operator into a log for each deployment, so that the failure of one deployment
// does not explain another. The operator is one process that logs many deployments, one in each line
// (`[INFO ][namespace/name]`). Lines of other deployments are left blank, so that line numbers stay those of the file.
// Pure functions.

/** Prefix of a line: `2026-11-29 10:00:00,101 o.a.f.k.o.l.AuditUtils [INFO ][flink/orders] …` */
const PREFIX = /^\d{4}-\d\d-\d\d[ T]\S+ \S+ +\[[A-Z]+ *\](?:\[([a-z0-9][\w.-]*\/[a-z0-9][\w.-]*)\])?/;
const OPERATOR = /^\d{4}-\d\d-\d\d[ T]\S+ o\.a\.f\.k\.o\.\S+ +\[[A-Z]+ *\]/m;

export function mayBeOperator(start: string): boolean {
  return OPERATOR.test(start);
}

export interface ResourceLog {
  /** Name of the deployment; undefined for lines that name none. */
  readonly resource: string | undefined;
  readonly log: string;
}

/** Yields the logs one by one, because each has as many lines as the file. */
export function* splitOperator(text: string): Generator<ResourceLog> {
  const lines = text.split('\n');
  const owners: (string | undefined)[] = [];
  for (const line of lines) {
    const prefix = PREFIX.exec(line);
    // A line without a prefix continues the line before.
    owners.push(prefix === null ? owners.at(-1) : prefix[1]);
  }
  for (const resource of new Set(owners))
    yield { resource, log: lines.map((line, index) => (owners[index] === resource ? line : '')).join('\n') };
}
