// Describes what can be wrong with the text of a search, in both languages: the problem, what to do, and the text that
// was probably meant. query.ts finds the problem and throws it. The page shows it in its language, all others show the
// English text.
import { createError, type JobtraceError } from '../../core/errors.js';
import type { Language } from '../../core/types.js';

interface ProblemRow {
  readonly problem: Readonly<Record<Language, string>>;
  readonly advice: Readonly<Record<Language, string>>;
}

/** Texts of the problems. `{name}` stands for a value of the place where the problem was found. */
const PROBLEMS = {
  tooLong: {
    problem: { en: 'it has more than {max} characters', zh: '超过 {max} 个字符' },
    advice: { en: 'Search for a part of it.', zh: '请只搜索其中一部分。' },
  },
  tooManyTerms: {
    problem: { en: 'it has more than {max} terms', zh: '超过 {max} 个条件' },
    advice: {
      en: 'Put a long text into quotes, or search for a part of it.',
      zh: '请把长文本放进引号，或只搜索其中一部分。',
    },
  },
  tooDeep: {
    problem: { en: 'nested too deeply', zh: '括号和 NOT 嵌套过多' },
    advice: { en: 'Put a text that has them into quotes.', zh: '请把含有它们的文本放进引号。' },
  },
  closesNothing: {
    problem: { en: 'unmatched ")"', zh: '此 ")" 没有对应的 "("' },
    advice: { en: 'Remove it, or put the text into quotes.', zh: '请删除它，或把文本放进引号。' },
  },
  neverClosed: {
    problem: { en: 'this "(" is never closed', zh: '此 "(" 没有闭合' },
    advice: { en: 'Add the missing ")", or put the text into quotes.', zh: '请补上 ")"，或把文本放进引号。' },
  },
  emptyParentheses: {
    problem: { en: 'there is nothing between these parentheses', zh: '括号内没有内容' },
    advice: { en: 'Write (a OR b), or put the text into quotes.', zh: '请写成 (a OR b)，或把文本放进引号。' },
  },
  openQuote: {
    problem: { en: 'this quote is never closed', zh: '此引号没有闭合' },
    advice: {
      en: 'Add the missing ". To search for a quote itself, write \\" inside quotes.',
      zh: '请补上 "。要搜索引号本身，请在引号内写 \\"。',
    },
  },
  operatorAlone: {
    problem: { en: '{operator} needs something on both sides', zh: '{operator} 两侧都需要有内容' },
    advice: {
      en: 'Write a {operator} b; to search for the word itself, write "{word}".',
      zh: '请写成 a {operator} b；要搜索这个词本身，请写 "{word}"。',
    },
  },
  notAlone: {
    problem: { en: 'NOT needs a term', zh: 'NOT 后面没有内容' },
    advice: {
      en: 'Write what must not occur: NOT heartbeat, or -heartbeat.',
      zh: '请写出要排除的内容：NOT heartbeat 或 -heartbeat。',
    },
  },
  missing: {
    problem: { en: 'something is missing here', zh: '此处缺少内容' },
    advice: { en: 'Write a word, "a phrase" or field:value.', zh: '请写关键词、"短语" 或 字段:值。' },
  },
  longPattern: {
    problem: {
      en: 'it has a pattern with * of more than {max} characters',
      zh: '含 * 的模式超过 {max} 个字符',
    },
    advice: {
      en: 'Search for a part of it, or put it into quotes, where * stands for itself.',
      zh: '请只搜索其中一部分，或放进引号（引号内 * 代表自身）。',
    },
  },
  noValue: {
    problem: { en: '{name}: has no value', zh: '{name}: 后面没有值' },
    advice: {
      en: 'Write it without a space, as in {example}, or put the text into quotes.',
      zh: '冒号后不要有空格，例如 {example}，或把文本放进引号。',
    },
  },
  unknownValue: {
    problem: { en: 'there is no {field} "{wrong}"', zh: '{field} 没有 "{wrong}" 这个值' },
    advice: { en: '{field} is one of {values}.', zh: '{field} 可以是 {values}。' },
  },
  nearValue: {
    problem: { en: 'there is no {field} "{wrong}"', zh: '{field} 没有 "{wrong}" 这个值' },
    advice: {
      en: 'Did you mean {field}:{near}? It is one of {values}.',
      zh: '您是指 {field}:{near} 吗？可以是 {values}。',
    },
  },
  unknownField: {
    problem: { en: 'there is no field "{wrong}"', zh: '没有字段 "{wrong}"' },
    advice: {
      en: 'Fields are {names}; to search for this text, put it into quotes: "{wrong}:{value}".',
      zh: '可用字段：{names}；要搜索这段文本，请放进引号："{wrong}:{value}"。',
    },
  },
  nearField: {
    problem: { en: 'there is no field "{wrong}"', zh: '没有字段 "{wrong}"' },
    advice: {
      en: 'Did you mean {near}:{value}? Or to search for this text, put it into quotes: "{wrong}:{value}".',
      zh: '您是指 {near}:{value} 吗？要搜索这段文本，请放进引号："{wrong}:{value}"。',
    },
  },
} as const satisfies Readonly<Record<string, ProblemRow>>;

type ProblemKind = keyof typeof PROBLEMS;
type Values = Readonly<Record<string, string | number>>;

/** Creates the error of a problem. `at` counts from 0, people count from 1. */
export function explainQuery(at: number, kind: ProblemKind, values: Values = {}): JobtraceError {
  const { problem, advice } = PROBLEMS[kind];
  return createError('JT_QUERY_INVALID', {
    ...values,
    kind,
    position: at + 1,
    problem: fill(problem.en, values),
    advice: fill(advice.en, values),
  });
}

/** Problem of a search, for the person who typed it. */
export interface QueryProblem {
  /** Position at which the problem begins, from 0. */
  readonly at: number;
  readonly problem: string;
  readonly advice: string;
  /** Text that was probably meant. */
  readonly repaired?: string;
}

/** Renders a problem in a language. `details` are those of a JT_QUERY_INVALID of `text`. */
export function wordProblem(text: string, details: Values, lang: Language): QueryProblem {
  const kind = Object.keys(PROBLEMS).find((name): name is ProblemKind => name === details['kind']);
  const at = Number(details['position']) - 1;
  if (kind === undefined) return { at, problem: String(details['problem']), advice: String(details['advice']) };
  const { problem, advice } = PROBLEMS[kind];
  return {
    at,
    problem: fill(problem[lang], details),
    advice: fill(advice[lang], details),
    repaired: repair(text, at, kind, details),
  };
}

function repair(text: string, at: number, kind: ProblemKind, { near, wrong }: Values): string | undefined {
  if (kind === 'neverClosed') return `${text})`;
  if (kind === 'openQuote') return `${text}"`;
  if (kind === 'closesNothing') return text.slice(0, at) + text.slice(at + 1);
  if (near === undefined || wrong === undefined) return undefined;
  return text.slice(0, at) + String(near) + text.slice(at + String(wrong).length);
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
