// What the rooms of the rules say, in both languages, with the words for what rule.yaml names. text.tsx joins it to
// the rest.
import type { Language } from '../../../../core/types.ts';

export const RULE_TEXTS = {
  ruleSearch: { en: 'Name, cause or words', zh: '名称、原因或关键词' },
  area: { en: 'Area', zh: '领域' },
  noRuleFits: { en: 'No rule fits', zh: '没有符合的规则' },
  noRuleFitsHint: {
    en: 'Remove a word, or write one: “jobtrace rules new FILE” drafts it from the lines of a failure.',
    zh: '请减少关键词；也可以用 jobtrace rules new FILE 根据故障日志起草一条规则。',
  },
  allRules: { en: 'All rules', zh: '全部规则' },
  ruleSays: { en: 'What it says', zh: '诊断内容' },
  looksFor: { en: 'What it looks for', zh: '匹配条件' },
  oneOfLines: { en: 'One of these lines', zh: '出现以下任意一行' },
  theLine: { en: 'This line', zh: '出现以下这一行' },
  butNot: { en: 'But not where', zh: '但不包括' },
  andAround: { en: 'And around it', zh: '并且在其前后' },
  holds: { en: 'holds', zh: '包含' },
  fits: { en: 'matches', zh: '匹配' },
  onlyFlink: { en: 'Flink', zh: 'Flink' },
  stepAbsent: { en: 'not there', zh: '没有出现' },
  stepWithin: { en: 'within', zh: '时间范围' },
  stepOn: { en: 'on the same', zh: '同一' },
  stepTimes: { en: 'at least', zh: '至少' },
  readsValues: { en: 'It reads', zh: '提取的值' },
  possibleReasons: { en: 'Why it may have happened', zh: '可能的原因' },
  whenSo: { en: 'when', zh: '条件' },
  computedBy: { en: 'options computed from the cluster by', zh: '选项按集群情况计算' },
  explainsThese: { en: 'These follow from it, and stand below it', zh: '以下现象由它引起，排在其后' },
  proofs: { en: 'What proves it', zh: '验证日志' },
  mustName: { en: 'Logs that it must name', zh: '必须命中的日志' },
  mustNotName: { en: 'Near misses that it must not', zh: '不得命中的相近日志' },
  moreLogs: { en: 'more in its folder', zh: '份日志在规则目录中' },
  cutHere: { en: '… the log goes on', zh: '……日志未完' },
  firedHere: { en: 'Incidents of this cause here', zh: '此处由该原因引起的故障' },
  isSymptom: { en: 'a symptom: it gives way to the cause', zh: '现象：让位于根本原因' },
  theRule: { en: 'What this rule looks for', zh: '查看此规则' },
} as const satisfies Record<string, Record<Language, string>>;

/** What an entry may have to be, by the names of rule.yaml. */
export const CONDITION_TEXTS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  exception: { en: 'exception', zh: '异常' },
  root: { en: 'root exception', zh: '根异常' },
  frame: { en: 'stack frame', zh: '堆栈帧' },
  userFrame: { en: "a frame of the job's own code", zh: '包含用户代码帧' },
  failure: { en: 'something failed by it', zh: '由它导致失败' },
  thrownBy: { en: 'thrown by', zh: '抛出方' },
  message: { en: 'message', zh: '消息' },
  logger: { en: 'logger', zh: '日志记录器' },
  level: { en: 'level', zh: '级别' },
  component: { en: 'component', zh: '组件' },
  file: { en: 'kind of file', zh: '文件类型' },
};
