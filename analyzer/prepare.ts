// The build's last step: reads the built-in rules once, so that the program need not (prepared.ts).
import { loadCatalog } from './catalog.js';
import { savePrepared } from './prepared.js';

loadCatalog();
savePrepared();
