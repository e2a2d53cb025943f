// Who is signed in: the token of this tab, kept in sessionStorage, gone with the tab, never in an address; or a cookie
// that only the server reads, of which nothing stands here. In: a token or a sign-in that was good, a refusal, an end.
// Out: what a request carries (client.ts), and whether the frame shows the form (app.tsx). A refused request waits here
// until somebody has signed in.
import { useSyncExternalStore } from 'react';

const KEY = 'jobtrace.token';
/** What a header can carry: other characters never reach the server. */
const TOKEN_FORM = /^[!-~]+$/;

export interface Session {
  readonly token: string | undefined;
  /**
   * Why the form stands, undefined while nothing was refused: no token was sent, or one that the server does not know,
   * or the reader has left.
   */
  readonly refused: 'missing' | 'unknown' | 'signedOut' | undefined;
}

let session: Session = { token: loadToken(), refused: undefined };
const listeners = new Set<() => void>();

export function isSendable(token: string): boolean {
  return TOKEN_FORM.test(token);
}

export function readSession(): Session {
  return session;
}

/** The session once nothing is refused. */
export function waitForSession(): Promise<Session> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (session.refused !== undefined) return;
      listeners.delete(look);
      resolve(session);
    };
    listeners.add(look);
    look();
  });
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
  change({ token, refused: undefined });
}

/** The browser has a cookie now, and sends it by itself. */
export function keepSignIn(): void {
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: undefined });
}

/** A refusal of what was sent before the token that is kept now says nothing about that one. */
export function refuseToken(sent: string | undefined): void {
  if (sent !== session.token || session.refused !== undefined) return;
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: sent === undefined ? 'missing' : 'unknown' });
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: 'signedOut' });
}

export function useSession(): Session {
  return useSyncExternalStore(listen, readSession);
}

function loadToken(): string | undefined {
  const token = sessionStorage.getItem(KEY);
  return token !== null && isSendable(token) ? token : undefined;
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
