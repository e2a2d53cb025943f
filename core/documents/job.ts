// Declares a job as people know it within a time range (runs of the same name are one job), and the lines that belong
// to a run of it although they do not name it, as an analyzer found out.
import { described, integer, list, map, number, object, optional, text, texts, time, type Static } from './schema.js';

export const JobSummary = object({
  id: described(text, 'Job id of the newest known run.'),
  name: optional(text),
  cluster: optional(text),
  lastSeen: optional(time),
  total: described(integer, 'Number of records in the range.'),
  levels: described(map(integer), 'Level → number of records in the range.'),
  openIncidents: integer,
  incidents: described(integer, 'Incidents in the range, open ones included.'),
});
export type JobSummary = Static<typeof JobSummary>;

const JobSpan = object({
  process: optional(text, 'Process of the cluster; absent for all processes.'),
  fromMs: optional(number),
  toMs: optional(number),
});
/** Span in milliseconds since 1970. Both ends are inclusive, and open if they are left out. */
export type JobSpan = Static<typeof JobSpan>;

export const JobLines = object({
  cluster: text,
  jobId: text,
  jobName: optional(text),
  spans: described(
    list(JobSpan),
    'Times when the job was alone somewhere, the latest first: a record there that names no other job is about it.',
  ),
  words: described(
    texts,
    'Attempts, slots and execution graphs of the job, each as a word of store/words.ts. A record with one of them that names no job belongs to the job.',
  ),
  records: described(texts, 'Ids of the records that its incidents show.'),
  lastMs: described(number, 'Latest time of anything of the run, in milliseconds since 1970.'),
});
/** Records that belong to a job though they do not name it. There is one object for each run. */
export type JobLines = Static<typeof JobLines>;
