// Health check of the image: requests the address in JOBTRACE_HEALTH_URL and exits with 0 if the status is 200.
// Otherwise it prints the problem and exits with 1. It does not load the program, so that it takes a twentieth of a
// second.
import { get } from 'node:http';
import process from 'node:process';

const url = process.env.JOBTRACE_HEALTH_URL ?? 'http://127.0.0.1:8321/health/live';

function end(code, problem) {
  process.stdout.write(`${url}: ${problem}\n`);
  process.exit(code);
}

const request = get(url, { timeout: 4_000 }, ({ statusCode }) =>
  end(statusCode === 200 ? 0 : 1, `status ${statusCode}`),
);
request.on('timeout', () => end(1, 'no answer within four seconds'));
request.on('error', (error) => end(1, error.message));
