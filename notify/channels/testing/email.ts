// Test double of a mail server. It implements the part of SMTP (RFC 5321) that a client needs to log in and send,
// without encryption, with STARTTLS (RFC 3207) or with TLS from the first byte, and keeps accepted mails. Only tests
// import it.
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface MailServer {
  readonly port: number;
  readonly received: { readonly to: readonly string[]; readonly data: string; readonly isEncrypted: boolean }[];
  close(): Promise<void>;
}

export interface MailRules {
  readonly user?: string;
  readonly password?: string;
  /** Recipients that it knows; all if absent. */
  readonly knows?: readonly string[];
  /** Answer to every mail, such as "451 4.7.1 Greylisted". */
  readonly answer?: string;
  /** Certificate. `smtps`: TLS from the first byte. Otherwise it offers STARTTLS and accepts no password before it. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer; readonly smtps: boolean };
}

const GREETING = '220 double ESMTP\r\n';

export async function openMailServer(rules: MailRules): Promise<MailServer> {
  const received: MailServer['received'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const secured = rules.tls?.smtps === true ? new TLSSocket(socket, { isServer: true, ...rules.tls }) : socket;
    secured.write(GREETING);
    converse(secured, rules, received);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    received,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function converse(socket: Socket, rules: MailRules, received: MailServer['received']): void {
  let buffered = '';
  let data: string | undefined;
  let to: string[] = [];
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const isEncrypted = socket instanceof TLSSocket;
  const canSecure = rules.tls !== undefined && !isEncrypted;
  const offer = rules.user === undefined ? '250 double' : '250-double\r\n250 AUTH PLAIN';
  const secure = (): void => {
    socket.removeAllListeners('data');
    say('220 2.0.0 Ready to start TLS');
    converse(new TLSSocket(socket, { isServer: true, ...rules.tls }), rules, received);
  };
  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    const recipient = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (verb === 'EHLO') say(canSecure ? '250-double\r\n250 STARTTLS' : offer);
    else if (verb === 'STAR' && canSecure) secure();
    else if (canSecure && rules.user !== undefined) say('530 5.7.0 Must issue a STARTTLS command first');
    else if (verb === 'AUTH') say(isRight(line, rules) ? '235 2.7.0 Accepted' : '535 5.7.8 Bad credentials');
    else if (verb === 'MAIL') say('250 OK');
    else if (verb === 'RCPT') {
      const isKnown = rules.knows?.includes(recipient) !== false;
      if (isKnown) to.push(recipient);
      say(isKnown ? '250 OK' : '550 5.1.1 No such user here');
    } else if (verb === 'DATA') {
      data = '';
      say('354 Go ahead');
    } else if (verb === 'QUIT') socket.end('221 Bye\r\n');
    else say('250 OK');
  };
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\r\n'); end !== -1; end = buffered.indexOf('\r\n')) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      if (data === undefined) command(line);
      else if (line === '.') {
        if (rules.answer === undefined) received.push({ to, data, isEncrypted });
        say(rules.answer ?? '250 2.0.0 Queued');
        [data, to] = [undefined, []];
      } else data += `${line.startsWith('..') ? line.slice(1) : line}\n`;
    }
  });
}

function isRight(line: string, { user, password }: MailRules): boolean {
  const given = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString('utf8');
  return given === `\0${user ?? ''}\0${password ?? ''}`;
}
