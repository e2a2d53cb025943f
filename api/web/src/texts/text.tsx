// Provides all texts of the page in both languages. Log text is never translated. Takes the reader's choice, otherwise
// the browser's language; every view reads its texts with `useTexts`.
import { createContext, useContext, useState, type ReactNode } from 'react';
import type { Language } from '../../../../core/types.ts';
import { ALERT_TEXTS } from './alert-texts.ts';
import { JOB_TEXTS } from './job-texts.ts';
import { RULE_TEXTS } from './rule-texts.ts';
import { SEARCH_TEXTS } from './search-texts.ts';

const TEXTS = {
  ...SEARCH_TEXTS,
  ...RULE_TEXTS,
  ...JOB_TEXTS,
  ...ALERT_TEXTS,
  navigation: { en: 'Navigation', zh: '导航' },
  incidents: { en: 'Incidents', zh: '故障' },
  search: { en: 'Search', zh: '搜索' },
  rules: { en: 'Rules', zh: '规则' },
  rulesRefused: {
    en: 'These rules failed to load; their previous versions stay active',
    zh: '以下规则加载失败，仍使用之前的版本',
  },
  agents: { en: 'Agents', zh: '采集端' },
  paste: { en: 'Paste a log', zh: '粘贴日志' },
  noIncidents: { en: 'No incidents', zh: '没有发现故障' },
  noIncidentsHint: {
    en: 'Jobtrace is watching. A failing job appears here within seconds.',
    zh: 'Jobtrace 正在监控，作业失败后几秒内会显示在这里。',
  },
  noIncidentsHere: { en: 'No incidents match these filters', zh: '没有符合筛选条件的故障' },
  filters: { en: 'Filters', zh: '筛选' },
  clearFilters: { en: 'Clear filters', zh: '清除筛选' },
  severity: { en: 'Severity', zh: '严重程度' },
  showMore: { en: 'Show more', zh: '显示更多' },
  of: { en: 'of', zh: '/' },
  job: { en: 'Job', zh: '作业' },
  jobs: { en: 'jobs', zh: '个作业' },
  clusters: { en: 'clusters', zh: '个集群' },
  oneCluster: { en: 'cluster', zh: '个集群' },
  showJobs: { en: 'Show the jobs', zh: '显示作业' },
  affectedJobs: { en: 'Affected jobs', zh: '受影响的作业' },
  advice: { en: 'One upgrade fixes these', zh: '一次升级即可解决' },
  namedOnce: {
    en: 'Only one log line names this job. Anyone who can write to that log could have forged it.',
    zh: '仅有一行日志提到该作业；凡是能写入该日志的人都可能伪造这一行。',
  },
  revised: { en: 'Re-diagnosed after a rule change', zh: '规则变更后重新诊断' },
  revisedFrom: { en: 'previously', zh: '此前的首要诊断' },
  alsoFailsBy: { en: 'Also caused by', zh: '其他原因' },
  revisedUnnamed: { en: 'previously unknown', zh: '此前未匹配到规则' },
  joined: { en: 'Merged incidents', zh: '已并入的故障' },
  partOf: { en: 'Part of a multi-job outage', zh: '属于一次多作业故障' },
  process: { en: 'Process', zh: '进程' },
  cluster: { en: 'Cluster', zh: '集群' },
  cause: { en: 'Cause', zh: '原因' },
  since: { en: 'Since', zh: '开始时间' },
  firstSeen: { en: 'First seen', zh: '首次出现' },
  restarts: { en: 'Restarts', zh: '重启次数' },
  state: { en: 'Status', zh: '状态' },
  owner: { en: 'Owner', zh: '责任方' },
  fix: { en: 'Fix', zh: '修复建议' },
  why: { en: 'Likely reasons', zh: '可能原因' },
  evidence: { en: 'Evidence', zh: '证据' },
  inContext: { en: 'show in log', zh: '查看上下文' },
  consequences: { en: 'Consequences', zh: '由此引起的现象' },
  attempts: { en: 'Failures', zh: '历次失败' },
  facts: { en: 'Job details', zh: '作业信息' },
  whyThisRule: { en: 'Why this diagnosis', zh: '诊断依据' },
  verify: { en: 'How to verify', zh: '如何验证' },
  cost: { en: 'Trade-off', zh: '代价' },
  copy: { en: 'Copy', zh: '复制' },
  copied: { en: 'Copied', zh: '已复制' },
  copyCard: { en: 'Copy as Markdown', zh: '复制为 Markdown' },
  unknown: { en: 'Unknown failure (no matching rule)', zh: '未知故障：暂无匹配规则' },
  seenBefore: { en: 'Occurrences', zh: '出现次数' },
  inLastDay: { en: 'in 24 hours', zh: '次（24 小时内）' },
  inLastWeek: { en: 'in 7 days', zh: '次（7 天内）' },
  inTotal: { en: 'total', zh: '次（总计）' },
  firstTime: { en: 'first', zh: '首次' },
  lastTime: { en: 'last', zh: '最近一次' },
  onJobs: { en: 'Jobs:', zh: '涉及作业：' },
  groupedBy: { en: 'Grouped by', zh: '归组依据：' },
  isItRight: { en: 'Is this diagnosis right?', zh: '这个诊断正确吗？' },
  verdictRight: { en: 'Right', zh: '正确' },
  verdictWrong: { en: 'Wrong', zh: '错误' },
  verdictHelped: { en: 'Fixed it', zh: '已解决问题' },
  ruleRight: { en: 'Rated correct:', zh: '评价为正确：' },
  alertsPaused: {
    en: 'Alerts paused: rated wrong too often',
    zh: '告警已暂停：被评为错误的次数过多',
  },
  draftRule: { en: 'Draft a rule from the command line:', zh: '用命令行起草规则：' },
  notFound: {
    en: 'Not found. The link may be wrong, or the data is past retention.',
    zh: '未找到。链接可能有误，或数据已超过保留期。',
  },
  lines: { en: 'lines', zh: '行' },
  noLines: { en: 'No matching lines in this range', zh: '该时间范围内没有匹配的日志' },
  noLinesHint: { en: 'Widen the time range or remove a filter.', zh: '请扩大时间范围或移除筛选。' },
  level: { en: 'Level', zh: '级别' },
  range: { en: 'Time range', zh: '时间范围' },
  last15m: { en: 'Last 15 minutes', zh: '最近 15 分钟' },
  last1h: { en: 'Last hour', zh: '最近 1 小时' },
  last1d: { en: 'Last day', zh: '最近 1 天' },
  all: { en: 'All time', zh: '不限时间' },
  context: { en: 'Context', zh: '上下文' },
  close: { en: 'Close', zh: '关闭' },
  copyLink: { en: 'Copy link to this line', zh: '复制此行链接' },
  diagnose: { en: 'Diagnose', zh: '诊断' },
  pasteHint: {
    en: 'Paste a Flink log or stack trace. It is analyzed in memory and never stored.',
    zh: '粘贴 Flink 日志或堆栈。仅在内存中分析，不会保存。',
  },
  nothingFound: { en: 'No failure found.', zh: '未发现故障。' },
  host: { en: 'Host', zh: '主机' },
  files: { en: 'Files', zh: '文件' },
  lag: { en: 'Backlog', zh: '积压' },
  shipped: { en: 'Lines shipped', zh: '已发送行数' },
  lastSeen: { en: 'Last seen', zh: '最近活动' },
  conditions: { en: 'Conditions', zh: '异常状态' },
  noAgents: { en: 'No agents yet', zh: '暂无采集端' },
  confidence: { en: 'confidence', zh: '置信度' },
  times: { en: 'occurrences', zh: '次' },
  once: { en: '1 occurrence', zh: '1 次' },
  lastCheckpoint: { en: 'Last completed checkpoint', zh: '最近完成的检查点' },
  reprocess: { en: 'To reprocess after restore', zh: '恢复后需重新处理' },
  flinkVersion: { en: 'Flink version', zh: 'Flink 版本' },
  strategy: { en: 'Restart strategy', zh: '重启策略' },
  references: { en: 'Documentation', zh: '官方文档' },
  live: { en: 'Live', zh: '实时' },
  newLines: { en: 'new lines', zh: '条新日志' },
  clear: { en: 'Clear', zh: '清除' },
  dark: { en: 'Switch theme', zh: '切换主题' },
  rule: { en: 'Rule', zh: '规则' },
  title: { en: 'Title', zh: '标题' },
  status: { en: 'Maturity', zh: '成熟度' },
  score: { en: 'Score', zh: '评分' },
  signIn: { en: 'Sign in', zh: '登录' },
  signInHint: {
    en: 'Sign in to see the logs on this server.',
    zh: '登录后可查看此服务器上的日志。',
  },
  typedKept: {
    en: 'Your input is kept; sign in to continue.',
    zh: '您输入的内容已保留，登录后即可继续。',
  },
  token: { en: 'Token', zh: '令牌' },
  tokenHint: {
    en: 'From “jobtrace tokens create” or api.tokens. Stored in this tab only.',
    zh: '来自 jobtrace tokens create 或 api.tokens，仅保存在此标签页中。',
  },
  showToken: { en: 'Show the token', zh: '显示令牌' },
  tokenMissing: { en: 'Enter a token.', zh: '请输入令牌。' },
  tokenUnknown: { en: 'Invalid or expired token.', zh: '令牌无效或已过期。' },
  tokenUnknownHint: {
    en: 'Check that you copied all of it, or ask your Jobtrace administrator.',
    zh: '请检查是否复制完整，或联系 Jobtrace 管理员。',
  },
  tokenUnsendable: {
    en: 'A token has only printable ASCII characters and no spaces.',
    zh: '令牌只能包含可打印的 ASCII 字符，且不含空格。',
  },
  tokenUnsendableHint: {
    en: 'It contains extra characters. Copy it again.',
    zh: '其中含有多余字符，请重新复制。',
  },
  sessions: { en: 'Sessions', zh: '登录会话' },
  noSessions: { en: 'No active sessions', zh: '当前没有登录会话' },
  person: { en: 'User', zh: '用户' },
  sessionEnds: { en: 'Expires', zh: '过期时间' },
  address: { en: 'Address', zh: '地址' },
  browser: { en: 'Browser', zh: '浏览器' },
  thisBrowser: { en: 'this browser', zh: '当前浏览器' },
  endSession: { en: 'End session', zh: '结束会话' },
  showWhole: { en: 'Show the whole line ({n} bytes)', zh: '显示完整日志（{n} 字节）' },
  signOut: { en: 'Sign out', zh: '退出登录' },
  userName: { en: 'Name', zh: '用户名' },
  password: { en: 'Password', zh: '密码' },
  showPassword: { en: 'Show the password', zh: '显示密码' },
  userMissing: { en: 'Enter a name and a password.', zh: '请输入用户名和密码。' },
  userUnknown: { en: 'The name or the password is wrong.', zh: '用户名或密码错误。' },
  signInPaused: {
    en: 'Too many wrong passwords for this name. Wait a moment, then try again.',
    zh: '该用户名的密码错误次数过多，请稍候再试。',
  },
  signInWith: { en: 'Sign in with', zh: '登录方式：' },
  withToken: { en: 'Use a token instead', zh: '改用令牌登录' },
  providerRefused: {
    en: 'You are signed in, but none of your groups has access to Jobtrace.',
    zh: '您已通过身份提供方登录，但所属的组都没有 Jobtrace 的访问权限。',
  },
  providerFailed: {
    en: 'Sign-in with the provider failed. Try again, or contact your administrator.',
    zh: '通过身份提供方登录失败。请重试或联系管理员。',
  },
  openHere: { en: 'No access control', zh: '未启用访问控制' },
  openHereHint: {
    en: 'Anyone on this machine has full access: no token, user or identity provider is configured (docs/access.md).',
    zh: '本机上的任何人都拥有全部权限：尚未配置令牌、用户或身份提供方（见 docs/access.md）。',
  },
  broken: { en: 'Something went wrong in this view.', zh: '页面出错' },
  brokenHint: {
    en: 'The rest of the page still works. Reload it; if it happens again, report the message below.',
    zh: '其余部分仍可使用。请重新加载；如果再次出错，请反馈以下信息。',
  },
  reload: { en: 'Reload', zh: '重新加载' },
  alertsLost: { en: 'Alerts could not be delivered', zh: '有告警未能送达' },
  alertsLostHint: {
    en: 'These receivers rejected alerts or were unreachable for 6 hours. Failed alerts are not retried; check the incidents below.',
    zh: '以下接收方拒绝了告警，或已超过 6 小时无法连接。发送失败的告警不会重试，请查看下面的故障。',
  },
  alertsWait: { en: 'Alerts are queued', zh: '告警正在排队' },
  alertsWaitHint: {
    en: 'These receivers are unreachable at the moment. Jobtrace keeps the alerts and retries.',
    zh: '以下接收方目前无法连接。Jobtrace 会保留告警并重试。',
  },
  alertsMore: { en: 'Only the newest 1,000 are counted.', zh: '仅统计最新的 1,000 条。' },
  receiver: { en: 'Receiver', zh: '接收方' },
  testReceiver: { en: 'Send a test', zh: '发送测试消息' },
  testAnswer: { en: 'Response', zh: '响应' },
  undeliverable: { en: 'Failed', zh: '发送失败' },
  waiting: { en: 'Queued', zh: '排队中' },
  lastError: { en: 'Last error', zh: '最近的错误' },
  unreachable: { en: 'The server is unreachable.', zh: '无法连接服务器。' },
} as const satisfies Record<string, Record<Language, string>>;

export type TextKey = keyof typeof TEXTS;
interface Texts {
  readonly lang: Language;
  readonly setLang: (lang: Language) => void;
  readonly t: (key: TextKey) => string;
  /** Returns the text as the name of what follows it, with the colon of the language. */
  readonly label: (key: TextKey) => string;
}

function translate(lang: Language, setLang: (lang: Language) => void): Texts {
  const t = (key: TextKey): string => TEXTS[key][lang];
  return { lang, setLang, t, label: (key) => `${t(key)}${lang === 'zh' ? '：' : ': '}` };
}

const TextsContext = createContext(translate('en', () => undefined));

/** Provides the reader's choice of language, otherwise the browser's language. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [lang, setState] = useState<Language>(firstLanguage);
  const setLang = (next: Language): void => {
    localStorage.setItem('jobtrace.lang', next);
    document.documentElement.lang = next;
    setState(next);
  };
  return <TextsContext.Provider value={translate(lang, setLang)}>{children}</TextsContext.Provider>;
}

function firstLanguage(): Language {
  const wanted =
    new URLSearchParams(location.search).get('lang') ?? localStorage.getItem('jobtrace.lang') ?? navigator.language;
  return wanted.startsWith('zh') ? 'zh' : 'en';
}

export function useTexts(): Texts {
  return useContext(TextsContext);
}
