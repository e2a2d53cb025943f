// Stands before the Elasticsearch of the measurements, for all shippers alike: the smallest distribution does not
// answer `GET /`, without which Filebeat sends nothing. Everything else goes through as it is. Arguments: the port
// behind it, and its version. Prints its own port.
import { Agent, createServer, request } from 'node:http';

const [port = '', number = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const ABOUT = JSON.stringify({
  name: 'node-1',
  cluster_name: 'jobtrace-parts',
  version: { number, build_flavor: 'default' },
  tagline: 'You Know, for Search',
});

const server = createServer((asked, answer) => {
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
  });
  passed.on('error', () => answer.destroy());
  asked.pipe(passed);
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
