// Prepares the built-in rules as a step of the build: reads them once, so that the program does not need to
// (prepared.ts). A catalog with a mistake stops the build.
import { packAnchors } from '../../flink/bytes/anchors.js';
import { loadCatalog } from './catalog.js';
import { listAnchors } from './read/closed.js';
import { findBuiltInRules } from './read/files.js';
import { PREPARED } from './read/prepared.js';

const readAt = Date.now();
PREPARED.forget();
const { rules, literals } = loadCatalog();
PREPARED.save(findBuiltInRules(), readAt, {
  anchors: new Map(rules.map((rule) => [rule.file, listAnchors(rule)])),
  literals,
  packed: packAnchors(literals),
});
