// Defines an entry of the audit log as it is stored, listed and logged: who did what, when, to what, and how the
// person was identified. audit.ts stores entries; refusals.ts counts rejected sign-ins.
export interface AuditEntry {
  readonly at: string;
  /** Name of the token or the user. */
  readonly who: string;
  /** Way of identification: a token, a local user, a user of the provider, this machine, the command line, or none. */
  readonly by: 'token' | 'user' | 'provider' | 'local' | 'shell' | 'nobody';
  /** Name of the action, such as `token.create`. */
  readonly what: string;
  /** Id or name of the object that was changed. */
  readonly about?: string;
  readonly detail?: string;
  /** Address of the client; set for sign-ins. */
  readonly address?: string;
  /** Number of rejected sign-ins within a minute. */
  readonly count?: number;
}
