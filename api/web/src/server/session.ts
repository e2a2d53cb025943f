// Keeps the session: the token of this tab, in sessionStorage until the tab is closed and never in an address; or a
// cookie that only the server can read and that is not visible here. Takes a valid token or sign-in, a rejection, or a
// sign-out; returns the credentials of a request (client.ts), and whether the frame shows the form (app.tsx). A
// rejected request waits here for a sign-in.
import { useSyncExternalStore } from 'react';

const KEY = 'jobtrace.token';
/** Characters that a header can carry; a token with others would never reach the server. */
const TOKEN_FORM = /^[!-~]+$/;

export interface Session {
  readonly token: string | undefined;
  /**
   * Reason of the sign-in form: no token was sent, the server does not know the token, or the reader signed out.
   * Undefined while nothing was rejected.
   */
  readonly refused: 'missing' | 'unknown' | 'signedOut' | undefined;
}

let session: Session = { token: loadToken(), refused: undefined };
const listeners = new Set<() => void>();

export function isSendable(token: string): boolean {
  return TOKEN_FORM.test(token);
}

function readSession(): Session {
  return session;
}

/** Resolves to the session as soon as nothing is rejected. */
export function waitForSession(): Promise<Session> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (session.refused !== undefined) return;
      listeners.delete(check);
      resolve(session);
    };
    listeners.add(check);
    check();
  });
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
  change({ token, refused: undefined });
}

/** Drops the token, because the browser now has a cookie and sends it by itself. */
export function keepSignIn(): void {
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: undefined });
}

/**
 * Records that a token was rejected. A rejection of an earlier token is ignored, because it does not concern the stored
 * one.
 */
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
