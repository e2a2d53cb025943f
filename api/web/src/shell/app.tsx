// Shows the frame: navigation, language, colour scheme, and one view for each address. All state that a link must carry
// is in the address. Takes the address and the session; shows the view, or above it the sign-in form. main.tsx renders
// it.
import {
  ActionIcon,
  AppShell,
  Anchor,
  Group,
  SegmentedControl,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { Boundary } from './boundary.tsx';
import { findNavigation, PAGES, Pages } from './pages.tsx';
import { useSession } from '../server/session.ts';
import { SignedIn, SignIn } from './signin.tsx';
import { useTexts } from '../texts/text.tsx';

/** Height of the header in pixels. The navigation is a second line on a phone. */
const HEADER_HEIGHTS = { base: 84, sm: 52 };

export function App() {
  const { refused } = useSession();
  const [location] = useLocation();
  useForgetting();
  return (
    <AppShell header={{ height: HEADER_HEIGHTS }} padding="md">
      <AppShell.Header>
        <Header />
      </AppShell.Header>
      <AppShell.Main>
        {refused !== undefined && <SignIn />}
        {refused !== 'signedOut' && (
          // A mounted view is hidden but not removed until the reader signs in, so that typed text stays.
          <div hidden={refused !== undefined}>
            <Boundary place={location}>
              <Pages />
            </Boundary>
          </div>
        )}
      </AppShell.Main>
    </AppShell>
  );
}

/** Resets the loaded data when a token is rejected; the views load them again after the sign-in. */
function useForgetting(): void {
  const { refused } = useSession();
  const queries = useQueryClient();
  useEffect(() => {
    if (refused !== undefined) void queries.resetQueries();
  }, [refused, queries]);
}

function Header() {
  const { t, lang, setLang } = useTexts();
  const { refused } = useSession();
  const [location] = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const nav = useRef<HTMLElement>(null);
  const current = findNavigation(location);
  // The entries do not all fit on a phone, so the current one is scrolled into view.
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [location]);
  return (
    <div className="frame">
      <Text fw={700} c="teal" component={Link} href="/incidents">
        Jobtrace
      </Text>
      <nav ref={nav} className="pages" aria-label={t('navigation')}>
        {refused === undefined &&
          PAGES.map(({ path, text }) => {
            if (text === undefined) return undefined;
            const isHere = current === path;
            return (
              <Anchor
                key={path}
                component={Link}
                href={path}
                underline="never"
                c={isHere ? 'teal' : 'var(--mantine-color-text)'}
                fw={isHere ? 600 : 400}
                size="sm"
                aria-current={isHere ? 'page' : undefined}
              >
                {t(text)}
              </Anchor>
            );
          })}
      </nav>
      <Group gap="xs" wrap="nowrap" className="tools">
        <SignedIn />
        <SegmentedControl
          size="xs"
          value={lang}
          onChange={(value) => setLang(value === 'zh' ? 'zh' : 'en')}
          data={[
            { value: 'en', label: 'EN' },
            { value: 'zh', label: '中文' },
          ]}
        />
        <ActionIcon
          variant="default"
          aria-label={t('dark')}
          title={t('dark')}
          onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
        >
          {scheme === 'dark' ? '☀' : '☾'}
        </ActionIcon>
      </Group>
    </div>
  );
}
