// Shows the menu for the display settings of rows. Takes the settings (view/display.tsx); changes it, or returns a link
// to this search that contains it. The search shows it beside its range.
import { Button, Checkbox, CopyButton, Popover, Stack, Text } from '@mantine/core';
import { COLUMN_NAMES, DISPLAY, useDisplay, type DisplayName } from '../view/display.tsx';
import { useTexts, type TextKey } from '../texts/text.tsx';

const SWITCHES = { wraps: 'wrapLines', airy: 'comfortableRows', oldest: 'oldestFirst' } as const satisfies Partial<
  Record<DisplayName, TextKey>
>;

export function DisplayMenu({ address, isLive }: { readonly address: URLSearchParams; readonly isLive: boolean }) {
  const { t } = useTexts();
  const { display, change } = useDisplay();
  const row = (name: DisplayName, label: TextKey, isFixed = false): React.ReactNode => (
    <Checkbox
      key={name}
      size="xs"
      label={t(label)}
      checked={display.has(name) && !isFixed}
      disabled={isFixed}
      onChange={() => change(name)}
    />
  );
  const shared = new URLSearchParams(address);
  shared.set(DISPLAY, display.text);
  return (
    <Popover position="bottom-end" shadow="md" trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <Button size="compact-sm" variant="default">
          {t('display')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('display')}>
        <Stack gap={8}>
          {row('wraps', SWITCHES.wraps)}
          {row('airy', SWITCHES.airy)}
          {/* This option is disabled during live mode, because new lines appear above the others. */}
          {row('oldest', SWITCHES.oldest, isLive)}
          <Text size="xs" fw={600} className="quiet" mt={4}>
            {t('columns')}
          </Text>
          {COLUMN_NAMES.map((name) => row(name, name))}
          <CopyButton value={`${location.origin}/search?${shared.toString()}`}>
            {({ copied, copy }) => (
              <Button size="compact-xs" variant="default" mt={4} onClick={copy}>
                {copied ? t('copied') : t('copyWithDisplay')}
              </Button>
            )}
          </CopyButton>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
