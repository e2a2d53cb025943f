// The token of this tab: kept in sessionStorage, gone with the tab, never in an address. What asks the server takes it
// from here and says when it was refused; the frame then shows the form (signin.tsx).
import { useSyncExternalStore } from 'react';

const KEY = 'jobtrace.token';

export interface Session {
  readonly token: string | undefined;
  /** Undefined while nothing was refused: no token was sent, or one that the server does not know. */
  readonly refused: 'missing' | 'unknown' | undefined;
}

let session: Session = { token: sessionStorage.getItem(KEY) ?? undefined, refused: undefined };
const listeners = new Set<() => void>();

export function readSession(): Session {
  return session;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
  change({ token, refused: undefined });
}

/** A refusal of what was sent before the token that is kept now says nothing about that one. */
export function refuseToken(sent: string | undefined): void {
  if (sent !== session.token) return;
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: sent === undefined ? 'missing' : 'unknown' });
}

export function signOut(): void {
  sessionStorage.removeItem(KEY);
  change({ token: undefined, refused: 'missing' });
}

export function useSession(): Session {
  return useSyncExternalStore(listen, readSession);
}

function change(next: Session): void {
  // A refusal while the form stands keeps what the form says.
  if (next.token === session.token && next.refused === 'missing' && session.refused !== undefined) return;
  session = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
