// Wraps nodemailer: sends one mail through one mail server and returns its error. The address contains server, user and
// password (smtps://user:password@mail.example.com:465, or smtp:// with STARTTLS). A password is sent without
// encryption only on this machine.

import type { Way } from '../../core/proxy.js';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  /** Message id of the first mail in the thread. */
  readonly references: string;
}

/** Result: the server's last words, or its refusal. `code` is nodemailer's (EAUTH …), `status` is SMTP's. */
export type MailResult =
  | { readonly ok: true; readonly reply: string }
  | { readonly ok: false; readonly code: string; readonly status: number | undefined; readonly reply: string };

const TIMEOUT_MS = 10_000;
const LOCAL: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

export function isThisMachine(hostname: string): boolean {
  return LOCAL.includes(hostname);
}

/** Sends a mail. `way`: direct, or through a proxy of http or https. */
export async function sendMail(address: string, mail: Mail, way: Way): Promise<MailResult> {
  const { protocol, hostname, port, username, password } = new URL(address);
  const secure = protocol === 'smtps:';
  // nodemailer is loaded here, so that only processes that send mails load it.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && username !== '' && !isThisMachine(hostname),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(way.kind === 'proxy' ? { proxy: way.proxy.href } : {}),
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  });
  try {
    const { references, ...rest } = mail;
    const sent = await transport.sendMail({
      ...rest,
      to: [...mail.to],
      ...(references === mail.messageId ? {} : { references, inReplyTo: references }),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      // Log text is never read as a file or an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return { ok: true, reply: sent.response };
  } catch (error) {
    const { code, responseCode, response, message } = Object(error);
    const status = typeof responseCode === 'number' ? responseCode : undefined;
    return { ok: false, code: String(code ?? ''), status, reply: String(response ?? message ?? '') };
  } finally {
    transport.close();
  }
}
