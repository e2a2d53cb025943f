// Shows an error in place of a view that failed, with a button that reloads the page; the frame around it stays usable.
// Takes the error of the view. The frame (app.tsx) wraps each view in it.
import { Alert, Button, Code, Stack, Text } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTexts } from '../texts/text.tsx';

interface Props {
  /** Address of the reader; another address resets the error. */
  readonly place: string;
  readonly children: ReactNode;
}
interface State {
  readonly error: unknown;
  readonly isBroken: boolean;
  readonly place: string;
}

export class Boundary extends Component<Props, State> {
  override state: State = { error: undefined, isBroken: false, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error, isBroken: true };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { error: undefined, isBroken: false, place: props.place };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { readonly error: unknown }) {
  const { t } = useTexts();
  return (
    <Alert color="red" role="alert" title={t('broken')}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{t('brokenHint')}</Text>
        <Code block style={{ maxWidth: '100%', overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {error instanceof Error ? `${error.name}: ${error.message}` : String(error)}
        </Code>
        <Button onClick={() => location.reload()}>{t('reload')}</Button>
      </Stack>
    </Alert>
  );
}
