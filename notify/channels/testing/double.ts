// Base of the test doubles: an HTTP server that answers as its double decides, with a clock that a test advances. The
// folder of each channel defines the checks of requests and the answers. Only tests import it.
import { createServer } from 'node:http';

export interface DoubleRequest {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly nowMs: number;
}

export interface DoubleAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Double {
  readonly url: string;
  /** Accepted messages, as text. */
  readonly accepted: string[];
  readonly answers: DoubleAnswer[];
  nowMs: number;
  close(): Promise<void>;
}

/**
 * Opens the server. `judge` returns the service's answer; the request is accepted if `isAccepted` is true for the
 * answer.
 */
export async function openDouble(
  judge: (request: DoubleRequest) => DoubleAnswer,
  isAccepted: (answer: DoubleAnswer) => boolean,
  nowMs: number,
): Promise<Double> {
  const accepted: string[] = [];
  const answers: DoubleAnswer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const answer = judge({
          method: request.method ?? '',
          url: new URL(request.url ?? '', 'http://double'),
          contentType: request.headers['content-type'] ?? '',
          headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
          text,
          nowMs: double.nowMs,
        });
        answers.push(answer);
        if (isAccepted(answer)) accepted.push(text);
        response.writeHead(answer.status, answer.headers).end(answer.text);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const double: Double = {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    accepted,
    answers,
    nowMs,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return double;
}

/** Creates a rate limit: it counts the messages of the last minute and refuses all for a while after too many. */
export function createRate(perMinute: number, punishedMs: number): (nowMs: number) => boolean {
  let times: number[] = [];
  let punishedUntilMs = 0;
  return (nowMs) => {
    if (nowMs < punishedUntilMs) return false;
    times = times.filter((time) => nowMs - time < 60_000);
    if (times.length >= perMinute) {
      punishedUntilMs = nowMs + punishedMs;
      return false;
    }
    times.push(nowMs);
    return true;
  };
}
