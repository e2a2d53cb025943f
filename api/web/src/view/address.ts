// Where a room is that others lead to. In: what it is about. Out: its address. The list of jobs and the cards of
// incidents lead there.

/** Of a job by its name or its id; a name holds anything, also a slash. */
export function addressOfJob(job: string, range: string): string {
  return `/job?${new URLSearchParams({ job, range }).toString()}`;
}
