// A service of chats for tests: a server that answers as its double says, with a clock that a test puts forward. What
// is asked of a request and what is answered stands in the folder of each channel. Only tests import it.
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
  /** What was accepted, as text. */
  readonly accepted: string[];
  readonly answers: DoubleAnswer[];
  nowMs: number;
  close(): Promise<void>;
}

/** `judge`: what the service answers; a request is accepted when `isAccepted` holds of the answer. */
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

/** Messages of the last minute, and the punishment of who sends more. */
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
