// Writes users and roles for tests of an Elasticsearch with security on. They are files, which do not need the index of
// its security.
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FileUsers {
  readonly password: string;
  /** Name → its roles. */
  readonly users: Readonly<Record<string, readonly string[]>>;
  /** Name → descriptor. */
  readonly roles?: Readonly<Record<string, object>>;
}

/** Writes users and roles in Elasticsearch's own file formats; all users have the same password. */
export function writeUsers(configDir: string, { password, users, roles = {} }: FileUsers): void {
  const salt = randomBytes(32);
  const hash = `{PBKDF2}10000$${salt.toString('base64')}$${pbkdf2Sync(password, salt, 10_000, 32, 'sha512').toString('base64')}`;
  const byRole = new Map<string, string[]>();
  for (const [user, names] of Object.entries(users))
    for (const name of names) byRole.set(name, [...(byRole.get(name) ?? []), user]);
  const write = (name: string, rows: readonly string[]): void =>
    writeFileSync(join(configDir, name), rows.map((row) => `${row}\n`).join(''));
  write(
    'roles.yml',
    Object.entries(roles).map(([name, role]) => `${name}: ${JSON.stringify(role)}`),
  );
  write(
    'users',
    Object.keys(users).map((user) => `${user}:${hash}`),
  );
  write(
    'users_roles',
    [...byRole].map(([role, names]) => `${role}:${names.join(',')}`),
  );
}
