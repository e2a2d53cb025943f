// Handles the keys of a view and lists them when `?` is pressed. Takes rows of key and description. It does nothing
// while the reader types in a field.
import { Modal, Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTexts, type TextKey } from '../texts/text.tsx';

export type KeyRows = readonly (readonly [key: string, does: TextKey])[];

/** Calls back for a key that is meant for the view and not for a field. */
export function useKey(key: string, act: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const { activeElement } = document;
      const isTyping = activeElement instanceof HTMLInputElement || activeElement instanceof HTMLTextAreaElement;
      if (event.key !== key || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, [key, act]);
}

export function KeyHelp({ rows }: { readonly rows: KeyRows }) {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  useKey('?', () => setOpen(!isOpen));
  return (
    <Modal opened={isOpen} onClose={() => setOpen(false)} title={t('keys')} size="sm">
      <Table>
        <Table.Tbody>
          {rows.map(([key, does]) => (
            <Table.Tr key={key}>
              <Table.Td>
                <kbd>{key}</kbd>
              </Table.Td>
              <Table.Td>{t(does)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
