// The build's last step: reads the built-in rules once, so that the program need not (prepared.ts). A catalog with a
// mistake stops the build.
import { findBuiltInRules, loadCatalog } from './catalog.js';
import { PREPARED } from './prepared.js';

const readAt = Date.now();
PREPARED.forget();
loadCatalog();
PREPARED.save(findBuiltInRules(), readAt);
