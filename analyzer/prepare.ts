// The build's last step: reads the built-in rules once, so that the program need not (prepared.ts). A catalog with a
// mistake stops the build.
import { loadCatalog } from './catalog.js';
import { forgetPrepared, savePrepared } from './prepared.js';

forgetPrepared();
loadCatalog();
savePrepared();
