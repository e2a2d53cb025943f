// One entry of the audit trail, as it is stored, listed and written to a log: who did what, when, by which way, and to
// what. audit.ts keeps entries, refusals.ts counts those of refused sign-ins.
export interface AuditEntry {
  readonly at: string;
  /** Name of the token or the user. */
  readonly who: string;
  /** By which way: a token, a user of ours or of the provider, the machine itself, the command line. */
  readonly by: 'token' | 'user' | 'provider' | 'local' | 'shell' | 'nobody';
  /** Such as `token.create`. */
  readonly what: string;
  /** Id or name of what it was done to. */
  readonly about?: string;
  readonly detail?: string;
  /** Where a request came from, of sign-ins. */
  readonly address?: string;
  /** How often within a minute, of what was refused. */
  readonly count?: number;
}
