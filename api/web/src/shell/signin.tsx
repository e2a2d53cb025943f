// The form that asks for a token where the server wants one, and who is signed in. In: what the reader types. Out: a
// token that the server knows, kept for the tab (session.ts); it is tried before it is kept. The frame (app.tsx) shows
// both.
import { Alert, Button, Center, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, RequestError } from '../server/client.ts';
import { isSendable, keepToken, signOut, useSession } from '../server/session.ts';
import { useSpeech, type TextKey } from '../speech/text.tsx';

export function SignIn() {
  const { t } = useSpeech();
  const { refused } = useSession();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<TextKey | undefined>(refused === 'unknown' ? 'tokenUnknown' : undefined);
  const [isTrying, setIsTrying] = useState(false);
  const tryToken = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const given = token.trim();
    if (given === '') return setProblem('tokenMissing');
    if (!isSendable(given)) return setProblem('tokenUnsendable');
    setIsTrying(true);
    setProblem(undefined);
    try {
      await api.tryToken(given);
      keepToken(given);
    } catch (error) {
      setProblem(error instanceof RequestError && error.status < 500 ? 'tokenUnknown' : 'unreachable');
      setIsTrying(false);
    }
  };
  return (
    <Center pt="10vh" px="md">
      <Paper withBorder shadow="sm" p="xl" radius="md" w={420} maw="100%">
        <form onSubmit={(event) => void tryToken(event)} noValidate>
          <Stack gap="md">
            <div>
              <Title order={1} size="h3">
                {t('signIn')}
              </Title>
              <Text size="sm" className="quiet" mt={4}>
                {t(refused === 'unknown' ? 'typedKept' : 'signInHint')}
              </Text>
            </div>
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
            {problem !== undefined && (
              <Alert color="red" role="alert" title={t(problem)}>
                {(problem === 'tokenUnknown' || problem === 'tokenUnsendable') && t(`${problem}Hint`)}
              </Alert>
            )}
            <Button type="submit" color="teal.9" loading={isTrying} fullWidth>
              {t('signIn')}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

/**
 * Asks at the start who the reader is, so that the form comes before anything is typed. Without tokens nobody signs
 * out.
 */
export function SignedIn() {
  const { t } = useSpeech();
  const { token } = useSession();
  const queries = useQueryClient();
  const viewer = useQuery({
    queryKey: ['viewer', token],
    queryFn: () => api.viewer(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (token === undefined) return null;
  return (
    <Group gap="xs" wrap="nowrap">
      {viewer.data !== undefined && (
        <Text size="sm" className="quiet" maw={160} truncate title={`${viewer.data.name} (${viewer.data.role})`}>
          {viewer.data.name}
        </Text>
      )}
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          signOut();
          queries.clear();
        }}
      >
        {t('signOut')}
      </Button>
    </Group>
  );
}
