// Where the page begins: theme, language, data cache, then the frame with its rooms. index.html runs it; what it puts
// up stands until the tab is closed.
import '@mantine/core/styles.css';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { createTheme, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { App } from './shell/app.tsx';
import { RequestError } from './server/client.ts';
import { LanguageProvider } from './speech/text.tsx';

const theme = createTheme({
  primaryColor: 'teal',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  defaultRadius: 'sm',
});
/** What the server refuses it refuses again. */
const shallRetry = (failures: number, error: Error): boolean =>
  failures < 1 && !(error instanceof RequestError && error.status < 500);
const queries = new QueryClient({ defaultOptions: { queries: { retry: shallRetry, refetchOnWindowFocus: false } } });
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <App />
      </LanguageProvider>
    </QueryClientProvider>
  </MantineProvider>,
);
