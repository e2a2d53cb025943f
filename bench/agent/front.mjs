// Runs a proxy before the Elasticsearch of the measurements, for all shippers alike, because the smallest distribution
// does not answer `GET /`, without which Filebeat sends nothing. Everything else passes unchanged. Arguments: the port
// behind it, and its version. Prints its own port. GET /first returns when it last answered the first request with
// documents; DELETE /first resets that.
import { Agent, createServer, request } from 'node:http';

const [port = '', number = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const ABOUT = JSON.stringify({
  name: 'node-1',
  cluster_name: 'jobtrace-parts',
  version: { number, build_flavor: 'default' },
  tagline: 'You Know, for Search',
});

let firstAt;

const server = createServer((asked, answer) => {
  if (asked.url === '/first') {
    if (asked.method === 'DELETE') firstAt = undefined;
    answer.end(JSON.stringify({ firstAt }));
    return;
  }
  if (asked.url === '/') {
    asked.resume();
    answer.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
    answer.end(asked.method === 'HEAD' ? undefined : ABOUT);
    return;
  }
  const { method, url: path, headers } = asked;
  const passed = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
    if (path.split('?')[0].endsWith('/_bulk') && response.statusCode === 200)
      response.on('end', () => (firstAt ??= Date.now()));
  });
  passed.on('error', () => answer.destroy());
  asked.pipe(passed);
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
