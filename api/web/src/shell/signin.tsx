// Shows the sign-in form and the signed-in viewer. Takes the input of the reader or the answer of the provider; returns
// a sign-in whose cookie the browser keeps, or a token, which is stored for the tab (session.ts) after the server
// accepted it. The frame (app.tsx) shows both.
import {
  Alert,
  Anchor,
  Button,
  Center,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Link } from 'wouter';
import { api, RequestError } from '../server/client.ts';
import { isSendable, keepSignIn, keepToken, signOut, useSession } from '../server/session.ts';
import { useViewer } from '../server/viewer.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';

export function SignIn() {
  const { t } = useTexts();
  const { refused } = useSession();
  const access = useQuery({ queryKey: ['access'], queryFn: () => api.access(), retry: false });
  const [wantsToken, setWantsToken] = useState(false);
  const { users = false, provider } = access.data ?? {};
  const hasOther = users || provider !== undefined;
  if (access.isPending) return null;
  return (
    <Center pt="10vh" px="md">
      <Paper withBorder shadow="sm" p="xl" radius="md" w={420} maw="100%">
        <Stack gap="md">
          <div>
            <Title order={1} size="h3">
              {t('signIn')}
            </Title>
            <Text size="sm" className="quiet" mt={4}>
              {t(refused === 'unknown' ? 'typedKept' : 'signInHint')}
            </Text>
          </div>
          {provider !== undefined && <ProviderDoor name={provider} />}
          {users && <PasswordForm />}
          {hasOther && !wantsToken ? (
            <Anchor component="button" type="button" size="sm" onClick={() => setWantsToken(true)}>
              {t('withToken')}
            </Anchor>
          ) : (
            <TokenForm isFirst={!hasOther} />
          )}
        </Stack>
      </Paper>
    </Center>
  );
}

/** Results of a sign-in at the provider (GET /api/v1/oidc/callback). */
const OUTCOMES: Readonly<Record<string, TextKey>> = { refused: 'providerRefused', failed: 'providerFailed' };

function ProviderDoor({ name }: { readonly name: string }) {
  const { t } = useTexts();
  const outcome = OUTCOMES[new URLSearchParams(window.location.search).get('signin') ?? ''];
  return (
    <>
      {outcome !== undefined && (
        <Alert color="red" role="alert">
          {t(outcome)}
        </Alert>
      )}
      <Button component="a" href="/api/v1/oidc/start" fullWidth>
        {`${t('signInWith')} ${name}`}
      </Button>
    </>
  );
}

function PasswordForm() {
  const { t } = useTexts();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { problem, isTrying, attempt } = useAttempt(undefined);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await attempt(name.trim() === '' || password === '' ? 'userMissing' : undefined, 'userUnknown', async () => {
      await api.signIn(name.trim(), password);
      keepSignIn();
    });
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('userName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="username"
          spellCheck={false}
          autoFocus
          error={problem !== undefined}
        />
        <PasswordInput
          label={t('password')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          error={problem !== undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
        />
        <Problem problem={problem} />
        <Button type="submit" loading={isTrying} fullWidth>
          {t('signIn')}
        </Button>
      </Stack>
    </form>
  );
}

function TokenForm({ isFirst }: { readonly isFirst: boolean }) {
  const { t } = useTexts();
  const { refused } = useSession();
  const [token, setToken] = useState('');
  const { problem, isTrying, attempt } = useAttempt(isFirst && refused === 'unknown' ? 'tokenUnknown' : undefined);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = token.trim();
    const wrong = given === '' ? 'tokenMissing' : isSendable(given) ? undefined : 'tokenUnsendable';
    await attempt(wrong, 'tokenUnknown', async () => {
      await api.tryToken(given);
      keepToken(given);
    });
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="md">
        <PasswordInput
          label={t('token')}
          description={t('tokenHint')}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          autoFocus
          error={problem !== undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('showToken') }}
        />
        <Problem problem={problem} />
        <Button type="submit" variant={isFirst ? 'filled' : 'default'} loading={isTrying} fullWidth>
          {t('signIn')}
        </Button>
      </Stack>
    </form>
  );
}

function Problem({ problem }: { readonly problem: TextKey | undefined }) {
  const { t } = useTexts();
  if (problem === undefined) return null;
  return (
    <Alert color="red" role="alert" title={t(problem)}>
      {(problem === 'tokenUnknown' || problem === 'tokenUnsendable') && t(`${problem}Hint`)}
    </Alert>
  );
}

/** Runs one attempt at a time: reports a problem before anything is sent, and the meaning of a rejection. */
function useAttempt(first: TextKey | undefined) {
  const [problem, setProblem] = useState<TextKey | undefined>(first);
  const [isTrying, setIsTrying] = useState(false);
  const attempt = async (wrong: TextKey | undefined, refusal: TextKey, work: () => Promise<void>): Promise<void> => {
    setProblem(wrong);
    if (wrong !== undefined) return;
    setIsTrying(true);
    try {
      await work();
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 0;
      setProblem(status === 429 ? 'signInPaused' : status > 0 && status < 500 ? refusal : 'unreachable');
      setIsTrying(false);
    }
  };
  return { problem, isTrying, attempt };
}

/**
 * Shows the viewer. It loads the viewer at the start, so that the form appears before anything is typed. If no sign-in
 * is needed, it says so.
 */
export function SignedIn() {
  const { t } = useTexts();
  const { refused } = useSession();
  const queries = useQueryClient();
  const viewer = useViewer();
  if (refused !== undefined || viewer === undefined) return null;
  const { name, kind, role } = viewer;
  if (kind === 'local')
    return (
      <Text size="xs" className="quiet" title={t('openHereHint')}>
        {t('openHere')}
      </Text>
    );
  const leave = async (): Promise<void> => {
    // The cookie is removed first, because a request that is sent meanwhile must not sign the reader in again.
    const { location = undefined } = kind === 'user' ? await api.signOut() : {};
    signOut();
    queries.clear();
    if (location !== undefined) window.location.assign(location);
  };
  return (
    <Group gap="xs" wrap="nowrap">
      <Anchor
        component={Link}
        href="/sessions"
        size="sm"
        className="quiet"
        maw={160}
        truncate
        title={`${name} (${role}) · ${t('sessions')}`}
      >
        {name}
      </Anchor>
      <Button size="compact-sm" variant="default" onClick={() => void leave()}>
        {t('signOut')}
      </Button>
    </Group>
  );
}
