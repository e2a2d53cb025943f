// Makes a token for the page in the file named on the command line, unless there is one, and prints it: the logs of the
// service "token" of docker/compose.yaml are where the user finds it.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const [path] = process.argv.slice(2);
try {
  writeFileSync(path, randomBytes(24).toString('base64url'), { flag: 'wx', mode: 0o600 });
} catch (error) {
  if (error.code !== 'EEXIST') throw error;
}
process.stdout.write(`The token of the page http://localhost:8321: ${readFileSync(path, 'utf8')}\n`);
