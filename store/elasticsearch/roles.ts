// Roles of an installation's parts in Elasticsearch, each with the least rights that its part needs
// (docs/elasticsearch.md shows the same), and the check whether an existing role is as it should be. Pure functions.
import { isObject } from '../../core/json.js';

export const ROLE_NAMES = ['agent', 'analyzer', 'api', 'letters'] as const;
export type RoleName = (typeof ROLE_NAMES)[number];

/** Rights in the form of Elasticsearch's role API. */
export interface RoleRights {
  readonly cluster: readonly string[];
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
}

export function nameRole(prefix: string, part: RoleName): string {
  return `${prefix}_${part}`;
}

export function buildRole(prefix: string, part: RoleName): RoleRights {
  const { cluster, indices } = ROLES[part];
  return {
    cluster,
    indices: indices.map(([names, privileges]) => ({ names: names.map((name) => `${prefix}-${name}`), privileges })),
  };
}

type Rights = readonly [names: readonly string[], privileges: readonly string[]];

const ROLES: Readonly<Record<RoleName, { readonly cluster: readonly string[]; readonly indices: readonly Rights[] }>> =
  {
    agent: {
      cluster: ['monitor'],
      indices: [
        [['logs-*'], ['index', 'read', 'auto_configure']],
        [
          ['agents', 'states'],
          ['index', 'read', 'auto_configure'],
        ],
      ],
    },
    analyzer: {
      cluster: ['monitor'],
      indices: [
        [['logs-*'], ['read', 'monitor', 'maintenance', 'view_index_metadata', 'delete', 'delete_index']],
        [
          ['incidents', 'alerts', 'states', 'agents'],
          ['read', 'write', 'maintenance', 'auto_configure'],
        ],
        [['feedback', 'triage', 'silences'], ['read']],
      ],
    },
    api: {
      cluster: ['monitor'],
      indices: [
        // Deletion on request uses these rights too.
        [['logs-*'], ['read', 'view_index_metadata', 'delete', 'maintenance']],
        [
          ['incidents', 'alerts', 'agents'],
          ['read', 'view_index_metadata'],
        ],
        [
          ['incidents', 'alerts', 'feedback', 'triage', 'silences', 'states', 'access'],
          ['read', 'write', 'maintenance', 'auto_configure'],
        ],
      ],
    },
    letters: {
      cluster: ['monitor'],
      indices: [
        [['logs-*'], ['index', 'delete', 'read', 'auto_configure']],
        [['states'], ['read']],
      ],
    },
  };

/**
 * Compares a role with `found`, which Elasticsearch has under its name. The order of names and rights means nothing.
 */
export function decideRole(role: RoleRights, found: unknown): 'missing' | 'changed' | 'same' {
  if (!isObject(found)) return 'missing';
  return describeRights(found) === describeRights({ ...role }) ? 'same' : 'changed';
}

/** Renders all that a role grants as text. Its metadata is left out. */
function describeRights(role: Readonly<Record<string, unknown>>): string {
  const { cluster, indices, applications, run_as: runAs } = role;
  const grants = listOf(indices).map((grant) => {
    const { names, privileges, ...rest } = isObject(grant) ? grant : {};
    const others = Object.entries(rest).filter(([, value]) => value !== false);
    return JSON.stringify([sorted(names), sorted(privileges), others.sort()]);
  });
  return JSON.stringify([sorted(cluster), grants.sort(), listOf(applications), listOf(runAs)]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function sorted(value: unknown): readonly string[] {
  return listOf(value).map(String).sort();
}
