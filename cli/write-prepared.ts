// Prepares the built-in rules as a step of the build: reads them once, so that the program does not need to
// (prepared.ts). A catalog with a mistake stops the build.
import { packAnchors } from '../flink/bytes/anchors.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listAnchors } from '../analyzer/catalog/closed.js';
import { findBuiltInRules } from '../analyzer/catalog/files.js';
import { PREPARED } from '../analyzer/catalog/prepared.js';

const readAt = Date.now();
PREPARED.forget();
const { rules, literals } = loadCatalog();
PREPARED.save(findBuiltInRules(), readAt, {
  anchors: new Map(rules.map((rule) => [rule.file, listAnchors(rule)])),
  literals,
  packed: packAnchors(literals),
});
