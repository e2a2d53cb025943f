// A step of the build: what esbuild leaves as it is in patterns and raw templates (letters that are no ASCII) becomes
// an escape, which means the same in a pattern. V8 keeps a text of two and a half megabytes for as long as the program
// runs, and one letter beyond a byte makes each of its letters take two. Called by `npm run build`, once for each file.
import { readFileSync, writeFileSync } from 'node:fs';

for (const path of process.argv.slice(2)) {
  const escaped = readFileSync(path, 'utf8').replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  writeFileSync(path, escaped);
}
