// The build's last step: reads the built-in rules once, so that the program need not (prepared.ts). A catalog with a
// mistake stops the build.
import { chooseAnchorWindows } from './anchors.js';
import { findBuiltInRules, loadCatalog } from './catalog.js';
import { PREPARED } from './prepared.js';

const readAt = Date.now();
PREPARED.forget();
const { rules, literals } = loadCatalog();
const anchors = new Map(rules.map(({ file, alternatives, steps }) => [file, { alternatives: alternatives.map(({ anchor }) => anchor), steps: steps.map(({ anchor }) => anchor) }]));
PREPARED.save(findBuiltInRules(), readAt, { anchors, literals, windows: chooseAnchorWindows(literals) });
