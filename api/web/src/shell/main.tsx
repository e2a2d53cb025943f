// Starts the page: theme, language, data cache, then the frame with its views. index.html runs it; its effects last
// until the tab is closed.
import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import {
  createTheme,
  DEFAULT_THEME,
  MantineProvider,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { RequestError } from '../server/client.ts';
import { LanguageProvider } from '../texts/text.tsx';

/**
 * Replaces the last shade of a colour. Texts use this shade on white and on their own tint, and white texts stand on
 * it.
 */
function shade([a, b, c, d, e, f, g, h, i]: MantineColorsTuple, last: string): MantineColorsTuple {
  return [a, b, c, d, e, f, g, h, i, last];
}

const { teal, green, orange, yellow, gray } = DEFAULT_THEME.colors;

const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: 9,
  colors: {
    teal: shade(teal, '#06704f'),
    green: shade(green, '#22702f'),
    orange: shade(orange, '#a33d00'),
    yellow: shade(yellow, '#7c5200'),
    gray: shade(gray, '#495057'),
  },
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  defaultRadius: 'sm',
});
/** Sets the colours of hints below the fields of a form. */
const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#5c636a', '--mantine-color-placeholder': '#5c636a' },
  dark: { '--mantine-color-dimmed': '#adb5bd', '--mantine-color-placeholder': '#adb5bd' },
});
/** Decides whether a request is sent again: once, unless the server rejected it, because it would reject it again. */
const shallRetry = (failures: number, error: Error): boolean =>
  failures < 1 && !(error instanceof RequestError && error.status < 500);
const queries = new QueryClient({ defaultOptions: { queries: { retry: shallRetry, refetchOnWindowFocus: false } } });
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <MantineProvider theme={theme} cssVariablesResolver={resolveVariables} defaultColorScheme="auto">
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <App />
      </LanguageProvider>
    </QueryClientProvider>
  </MantineProvider>,
);
