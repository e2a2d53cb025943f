// Knows whose code a frame is, by the engine's table of packages. A team's own rows are not in it, because the page is
// built before.
import { createCodeOwners } from '../../../../flink/trace/packages.ts';
import table from '../../../../rules/engine/packages.yaml';

export const CODE = createCodeOwners(
  new Map(table.packages.flatMap(({ owner, packages }) => packages.map((name) => [name, owner]))),
  new Set(),
);
