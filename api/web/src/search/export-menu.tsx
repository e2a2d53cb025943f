// Exports all lines of a search as a file, formatted or raw; the button shows their number. Takes the request of the
// search. The search shows it beside the number of lines.
import { Button, Menu, Text } from '@mantine/core';
import { useState } from 'react';
import { errorText } from '../../../../core/fault.ts';
import { api } from '../server/client.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';

const FORMATS = [
  { format: 'text', name: 'asShown', ending: 'log' },
  { format: 'ndjson', name: 'asNdjson', ending: 'ndjson' },
  { format: 'csv', name: 'asCsv', ending: 'csv' },
] as const satisfies readonly { readonly format: string; readonly name: TextKey; readonly ending: string }[];
/** Largest number of lines that the API returns in one export. */
const MAX_LINES = 100_000;

export function ExportMenu({ request, total }: { readonly request: string; readonly total: number }) {
  const { t } = useTexts();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const lines = Math.min(total, MAX_LINES).toLocaleString();
  const save = async (format: string, ending: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const parameters = new URLSearchParams(request);
      parameters.set('format', format);
      download(await api.exportRecords(parameters), `jobtrace.${ending}`);
    } catch (error) {
      setProblem(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {problem !== undefined && (
        <Text size="sm" c="red" role="alert">
          {problem}
        </Text>
      )}
      <Menu>
        <Menu.Target>
          <Button size="compact-sm" variant="default" loading={isBusy} disabled={total === 0}>
            {t('download')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {lines} {t('lines')}
            {total > MAX_LINES ? ` (${t('newestOnly')})` : ''}
          </Menu.Label>
          {FORMATS.map(({ format, name, ending }) => (
            <Menu.Item key={format} onClick={() => void save(format, ending)}>
              {t(name)} · {lines} {t('lines')}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The URL is revoked later, because the browser reads it a moment after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
