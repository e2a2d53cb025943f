// Shows the matchers of a rule as sentences: lines of which one must occur, lines that must not occur, and conditions
// on the surrounding lines. Takes the sheet of a rule. The view of the rule (rule.tsx) shows it.
import { Code, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { LineSheet, RuleSheet, StepSheet } from '../../../../core/documents/rule.ts';
import { CONDITION_TEXTS, STEP_TEXTS } from '../texts/rule-texts.ts';
import { useTexts } from '../texts/text.tsx';
import { formatDuration } from '../view/state.tsx';

export function Conditions({ sheet }: { readonly sheet: RuleSheet }) {
  const { t, label } = useTexts();
  const { finds, unless, steps, captures } = sheet;
  return (
    <Stack gap="sm">
      <Lines title={finds.length > 1 ? t('oneOfLines') : t('theLine')}>
        {finds.map((line, index) => (
          <LineWords key={index} line={line} />
        ))}
      </Lines>
      {unless.length > 0 && (
        <Lines title={t('except')}>
          {unless.map((line, index) => (
            <LineWords key={index} line={line} />
          ))}
        </Lines>
      )}
      {steps.length > 0 && (
        <Lines title={t('nearby')}>
          {steps.map((step, index) => (
            <LineWords key={index} line={step}>
              <StepWords step={step} />
            </LineWords>
          ))}
        </Lines>
      )}
      {Object.keys(captures).length > 0 && (
        <Text size="sm">
          {label('captures')}
          {Object.keys(captures)
            .map((name) => `{${name}}`)
            .join(', ')}
        </Text>
      )}
    </Stack>
  );
}

function Lines({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <ul className="conditions">{children}</ul>
    </div>
  );
}

function LineWords({ line, children }: { readonly line: LineSheet; readonly children?: ReactNode }) {
  const { t, lang } = useTexts();
  const { text, pattern, flink, where } = line;
  return (
    <li>
      {text !== undefined && (
        <>
          {t('contains')} <Code>{text}</Code>{' '}
        </>
      )}
      {pattern !== undefined && (
        <>
          {t('matches')} <Code>{pattern}</Code>{' '}
        </>
      )}
      {Object.entries(where).map(([name, values]) => (
        <span key={name}>
          · {CONDITION_TEXTS[name]?.[lang] ?? name} <Code>{values.join(' | ')}</Code>{' '}
        </span>
      ))}
      {flink !== undefined && (
        <span>
          · {t('onlyFlink')} {flink}
        </span>
      )}
      {children}
    </li>
  );
}

function StepWords({ step }: { readonly step: StepSheet }) {
  const { t, lang } = useTexts();
  const { absent, count, on, order, withinMs } = step;
  return (
    <Text span size="xs" className="quiet">
      {absent ? ` · ${t('stepAbsent')}` : ''}
      {count > 1 ? ` · ${t('stepTimes')} ${count} ${t('times')}` : ''}
      {` · ${(STEP_TEXTS[order] ?? STEP_TEXTS['around'])?.[lang].replace('{n}', formatDuration(withinMs, lang)) ?? ''}`}
      {` · ${STEP_TEXTS[on]?.[lang] ?? on}`}
    </Text>
  );
}
