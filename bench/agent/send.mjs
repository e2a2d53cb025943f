// Sends the bodies that sink.mjs recorded, with a fixed number of concurrent requests, and does nothing else. This
// shows what an Elasticsearch accepts from a shipper that has no work of its own. Arguments: FOLDER URL
// REQUESTS-AT-A-TIME. Like a shipper it keeps running when it is done. bench/agent.ts compares with it.
import { readFileSync, readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setInterval } from 'node:timers';

const [folder = '', url = '', requests = '4'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.bulk'))
  .sort();

async function sendInTurn() {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const bytes = readFileSync(join(folder, name));
    const end = bytes.indexOf(10);
    const { path, gzip } = JSON.parse(bytes.toString('utf8', 0, end));
    const body = bytes.subarray(end + 1);
    if ((await send(path, gzip, body)).includes('"errors":false')) continue;
    // An entry that was sent short and later long is already there; the agent gets the same answer.
    const answer = await send(path.replace(/filter_path=[^&]*/, 'filter_path=items.*.status'), gzip, body);
    const refused = [...answer.matchAll(/"status":(\d+)/g)].find(
      ([, status]) => !['200', '201', '409'].includes(status),
    );
    if (refused !== undefined) throw new Error(`A document was answered ${refused[1]}.`);
  }
}

function send(path, gzip, body) {
  const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
  if (gzip) headers['content-encoding'] = 'gzip';
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: 'POST', headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode} ${text.slice(0, 500)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

await Promise.all(Array.from({ length: Number(requests) }, sendInTurn));
setInterval(() => undefined, 60_000);
