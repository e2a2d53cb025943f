// Diagnoses a text with the built-in rules, for tests. Not used by the program.
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents, type DiagnosisDocument } from '../incident/document.js';
import { splitText } from '../input/read.js';

const catalog = loadCatalog();

export function causesOf(text: string, path?: string): DiagnosisDocument {
  return flattenIncidents(diagnose(splitText(text, path), catalog), 'en');
}
