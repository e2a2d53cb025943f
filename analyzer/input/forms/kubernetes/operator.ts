// The log of Flink's operator on Kubernetes: one process tells of many deployments, each line of one of them
// (`[INFO ][namespace/name]`) → a log for each, so that the failure of one explains no other. Lines of the others are
// left blank, and line numbers stay those of the file. Called by read.ts; pure.

/** `2026-11-29 10:00:00,101 o.a.f.k.o.l.AuditUtils [INFO ][flink/orders] …` */
const HEAD = /^\d{4}-\d\d-\d\d[ T]\S+ \S+ +\[[A-Z]+ *\](?:\[([a-z0-9][\w.-]*\/[a-z0-9][\w.-]*)\])?/;
const OPERATOR = /^\d{4}-\d\d-\d\d[ T]\S+ o\.a\.f\.k\.o\.\S+ +\[[A-Z]+ *\]/m;

export function looksLikeOperator(head: string): boolean {
  return OPERATOR.test(head);
}

export interface ResourceLog {
  /** Undefined for what is said of none. */
  readonly resource: string | undefined;
  readonly log: string;
}

/** Made one by one, since each is as long as the file has lines. */
export function* splitOperator(text: string): Generator<ResourceLog> {
  const lines = text.split('\n');
  const owners: (string | undefined)[] = [];
  for (const line of lines) {
    const head = HEAD.exec(line);
    // What has no head goes on with the line before.
    owners.push(head === null ? owners.at(-1) : head[1]);
  }
  for (const resource of new Set(owners))
    yield { resource, log: lines.map((line, index) => (owners[index] === resource ? line : '')).join('\n') };
}
