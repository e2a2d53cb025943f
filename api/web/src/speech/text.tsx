// Provides all texts of the page in both languages. Log text is never translated. Takes the reader's choice, otherwise
// the browser's language; every view reads its texts with `useSpeech`.
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
  rooms: { en: 'Rooms', zh: '页面' },
  incidents: { en: 'Incidents', zh: '故障' },
  search: { en: 'Search', zh: '搜索' },
  rules: { en: 'Rules', zh: '规则' },
  rulesRefused: { en: 'These rules are not in use; those before them stay', zh: '以下规则未生效，仍使用之前的规则' },
  agents: { en: 'Agents', zh: '采集端' },
  paste: { en: 'Paste a log', zh: '粘贴日志' },
  noIncidents: { en: 'No failure has been found', zh: '没有发现故障' },
  noIncidentsHint: {
    en: 'Jobtrace watches; a failing job appears here within seconds.',
    zh: 'Jobtrace 正在监听，作业失败后几秒内会显示在这里。',
  },
  noIncidentsHere: { en: 'No incident fits these filters', zh: '没有符合筛选条件的故障' },
  filters: { en: 'Filters', zh: '筛选' },
  clearFilters: { en: 'Clear filters', zh: '清除筛选' },
  severity: { en: 'Severity', zh: '严重程度' },
  showMore: { en: 'Show more', zh: '显示更多' },
  of: { en: 'of', zh: '/' },
  stale: {
    en: 'The server does not answer; what is shown is as of the last answer.',
    zh: '服务器没有响应，以下是最近一次获取的内容。',
  },
  allJobs: { en: 'All jobs', zh: '全部作业' },
  job: { en: 'Job', zh: '作业' },
  jobs: { en: 'jobs', zh: '个作业' },
  clusters: { en: 'clusters', zh: '个集群' },
  oneCluster: { en: 'cluster', zh: '个集群' },
  showJobs: { en: 'Show the jobs', zh: '显示作业' },
  itsJobs: { en: 'Jobs that failed of it', zh: '受影响的作业' },
  advice: { en: 'What one change mends', zh: '一次升级即可解决' },
  namedOnce: {
    en: 'One line alone names this job: whoever writes to that log could have written it',
    zh: '仅有一行日志提到该作业：凡能写入该日志者都可能写出这一行',
  },
  revised: { en: 'Judged again by other rules', zh: '规则变更后重新诊断' },
  revisedFrom: { en: 'until then first', zh: '此前首要规则' },
  alsoFailsBy: { en: 'Also fails by', zh: '另因以下原因失败' },
  revisedUnnamed: { en: 'no rule named it until then', zh: '此前没有规则能命名' },
  joined: { en: 'Other cards that turned out to be this failure:', zh: '后来确认为同一故障而并入的卡片：' },
  partOf: { en: 'Part of a failure of many jobs', zh: '属于多个作业的同一故障' },
  process: { en: 'Process', zh: '进程' },
  cluster: { en: 'Cluster', zh: '集群' },
  cause: { en: 'Cause', zh: '原因' },
  since: { en: 'Since', zh: '开始于' },
  restarts: { en: 'Restarts', zh: '重启' },
  state: { en: 'State', zh: '状态' },
  whose: { en: 'Whose task', zh: '责任方' },
  fix: { en: 'What to do', zh: '如何修复' },
  why: { en: 'Why it happened here', zh: '为什么发生' },
  evidence: { en: 'Evidence', zh: '证据' },
  inContext: { en: 'in context', zh: '查看上下文' },
  consequences: { en: 'What follows from it', zh: '由此引起的现象' },
  attempts: { en: 'Attempts', zh: '尝试' },
  facts: { en: 'Facts', zh: '作业信息' },
  whyThisRule: { en: 'Why this rule', zh: '为何命中此规则' },
  verify: { en: 'How to check', zh: '如何验证' },
  cost: { en: 'Cost', zh: '代价' },
  risk: { en: 'risk', zh: '风险' },
  copy: { en: 'Copy', zh: '复制' },
  copied: { en: 'Copied', zh: '已复制' },
  copyCard: { en: 'Copy as Markdown', zh: '复制为 Markdown' },
  unknown: { en: 'Unknown failure: no rule names it yet', zh: '未知故障：尚无规则' },
  seenBefore: { en: 'How often this failure came', zh: '此故障的出现情况' },
  inLastDay: { en: 'in 24 hours', zh: '次（24 小时内）' },
  inLastWeek: { en: 'in 7 days', zh: '次（7 天内）' },
  inAll: { en: 'in all', zh: '次（总计）' },
  firstTime: { en: 'first', zh: '首次' },
  lastTime: { en: 'last', zh: '最近一次' },
  onJobs: { en: 'on', zh: '涉及作业' },
  sameBy: { en: 'the same by', zh: '归为同一故障的依据' },
  isItRight: { en: 'Is this diagnosis right?', zh: '这个诊断正确吗？' },
  verdictRight: { en: 'Right', zh: '正确' },
  verdictWrong: { en: 'Wrong', zh: '错误' },
  verdictHelped: { en: 'This helped', zh: '有帮助' },
  ruleRight: { en: 'People say that this rule is right in', zh: '用户认为此规则正确的比例：' },
  alertsNobody: {
    en: 'too often wrong: incidents of this rule alert nobody',
    zh: '错误过多：此规则的故障不再发送告警',
  },
  draftRule: { en: 'a rule for it:', zh: '为它编写规则：' },
  notFound: { en: 'Not found. Retention may have deleted it.', zh: '未找到，可能已过保留期被删除。' },
  lines: { en: 'lines', zh: '行' },
  noLines: { en: 'Nothing matches in this range', zh: '该范围内没有匹配' },
  noLinesHint: { en: 'Widen the time range or remove a filter.', zh: '请扩大时间范围或移除筛选。' },
  level: { en: 'Level', zh: '级别' },
  range: { en: 'Range', zh: '时间范围' },
  last15m: { en: 'Last 15 minutes', zh: '最近 15 分钟' },
  last1h: { en: 'Last hour', zh: '最近 1 小时' },
  last1d: { en: 'Last day', zh: '最近 1 天' },
  all: { en: 'All', zh: '全部' },
  zoomed: { en: 'Zoomed range', zh: '选定范围' },
  context: { en: 'Context', zh: '上下文' },
  close: { en: 'Close', zh: '关闭' },
  copyLink: { en: 'Copy link to this line', zh: '复制此行链接' },
  diagnose: { en: 'Diagnose', zh: '诊断' },
  pasteHint: {
    en: 'Paste a Flink log or stack trace. It is diagnosed here and not kept.',
    zh: '粘贴 Flink 日志或堆栈，就地诊断，不会保存。',
  },
  nothingFound: { en: 'No failure was found in it.', zh: '其中没有发现故障。' },
  host: { en: 'Host', zh: '主机' },
  files: { en: 'Files', zh: '文件' },
  lag: { en: 'Not yet shipped', zh: '待发送' },
  shipped: { en: 'Records shipped', zh: '已发送记录' },
  lastSeen: { en: 'Last seen', zh: '最近' },
  conditions: { en: 'Conditions', zh: '异常状态' },
  noAgents: { en: 'No agent has reported yet', zh: '还没有采集端上报' },
  confidence: { en: 'confidence', zh: '置信度' },
  times: { en: 'times', zh: '次' },
  once: { en: 'once', zh: '1 次' },
  lastCheckpoint: { en: 'Last completed checkpoint', zh: '最近完成的检查点' },
  reprocess: { en: 'Work to be done again', zh: '需要重做的工作' },
  flinkVersion: { en: 'Flink version', zh: 'Flink 版本' },
  strategy: { en: 'Restart strategy', zh: '重启策略' },
  references: { en: 'Documentation', zh: '官方文档' },
  live: { en: 'Live', zh: '实时' },
  newLines: { en: 'new lines', zh: '条新日志' },
  clear: { en: 'Clear', zh: '清除' },
  dark: { en: 'Dark or light', zh: '深色或浅色' },
  rule: { en: 'Rule', zh: '规则' },
  title: { en: 'Title', zh: '标题' },
  status: { en: 'Proof', zh: '证明' },
  score: { en: 'Score', zh: '评分' },
  signIn: { en: 'Sign in', zh: '登录' },
  signInHint: {
    en: 'This server shows logs only to those who have been given access.',
    zh: '此服务器仅向已获授权的用户显示日志。',
  },
  typedKept: {
    en: 'What you typed is kept: it is there again once you have signed in.',
    zh: '您输入的内容已保留，登录后即可继续。',
  },
  token: { en: 'Token', zh: '令牌' },
  tokenHint: {
    en: 'Made by “jobtrace tokens create”, or one of api.tokens. It is kept for this tab only.',
    zh: '由 jobtrace tokens create 创建，或 api.tokens 中的任一令牌，仅在此标签页内保留。',
  },
  showToken: { en: 'Show the token', zh: '显示令牌' },
  tokenMissing: { en: 'Enter a token.', zh: '请输入令牌。' },
  tokenUnknown: { en: 'The server does not know this token.', zh: '服务器不认识此令牌。' },
  tokenUnknownHint: {
    en: 'Check that it was copied whole, or ask whoever runs Jobtrace for a token.',
    zh: '请检查是否复制完整，或向 Jobtrace 的管理员索取令牌。',
  },
  tokenUnsendable: {
    en: 'A token has only printable ASCII characters and no spaces.',
    zh: '令牌只能包含可打印的 ASCII 字符，且不含空格。',
  },
  tokenUnsendableHint: {
    en: 'It was copied with something else, or typed with another keyboard layout. Copy it once more.',
    zh: '可能复制了多余内容，或输入法未切换为英文。请重新复制。',
  },
  sessions: { en: 'Sessions', zh: '登录会话' },
  noSessions: { en: 'Nobody is signed in', zh: '当前没有登录会话' },
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
    en: 'You are signed in there, but none of your groups may see anything here.',
    zh: '您已在该处登录，但您所属的组无权访问此服务器。',
  },
  providerFailed: {
    en: 'The sign-in there did not work. Try again; if it stays, ask whoever runs Jobtrace.',
    zh: '未能在该处完成登录。请重试；如仍然失败，请联系 Jobtrace 的管理员。',
  },
  openHere: { en: 'Open to everyone', zh: '未设访问控制' },
  openHereHint: {
    en: 'Everybody on this machine sees and may do everything: no token, user or provider is set (docs/access.md).',
    zh: '本机上的任何人都可以查看并操作一切：尚未设置令牌、用户或身份提供方（见 docs/access.md）。',
  },
  broken: { en: 'This view broke.', zh: '此页面出错了。' },
  brokenHint: {
    en: 'The rest of the page still works. Load it again; if it breaks once more, report the message below.',
    zh: '其余部分仍可使用。请重新加载；如果再次出错，请反馈以下信息。',
  },
  reload: { en: 'Load again', zh: '重新加载' },
  alertsLost: { en: 'Alerts could not be delivered', zh: '有告警未能送达' },
  alertsLostHint: {
    en: 'These receivers refused alerts, or did not answer for hours. What is undeliverable is not sent again: look at the incidents below.',
    zh: '以下接收方拒绝了告警，或数小时没有响应。未能送达的告警不会再发送，请直接查看下面的故障。',
  },
  alertsWait: { en: 'Alerts wait for a receiver', zh: '有告警正在等待接收方' },
  alertsWaitHint: {
    en: 'These receivers do not answer at the moment. Jobtrace keeps the alerts and tries again.',
    zh: '以下接收方目前没有响应，Jobtrace 会保留告警并继续重试。',
  },
  alertsMore: { en: 'There are more: only the newest 1,000 are counted.', zh: '还有更多：仅统计最新的 1,000 条。' },
  receiver: { en: 'Receiver', zh: '接收方' },
  testReceiver: { en: 'Send a test', zh: '发送测试消息' },
  testAnswer: { en: 'Answer', zh: '应答' },
  undeliverable: { en: 'Undeliverable', zh: '未送达' },
  waiting: { en: 'Waiting', zh: '等待中' },
  lastError: { en: 'Last error', zh: '最近的错误' },
  unreachable: { en: 'The server cannot be reached.', zh: '无法连接服务器。' },
} as const satisfies Record<string, Record<Language, string>>;

export type TextKey = keyof typeof TEXTS;
interface Speech {
  readonly lang: Language;
  readonly setLang: (lang: Language) => void;
  readonly t: (key: TextKey) => string;
}

const SpeechContext = createContext<Speech>({ lang: 'en', setLang: () => undefined, t: (key) => TEXTS[key].en });

/** Provides the reader's choice of language, otherwise the browser's language. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [lang, setState] = useState<Language>(firstLanguage);
  const setLang = (next: Language): void => {
    localStorage.setItem('jobtrace.lang', next);
    document.documentElement.lang = next;
    setState(next);
  };
  return (
    <SpeechContext.Provider value={{ lang, setLang, t: (key) => TEXTS[key][lang] }}>{children}</SpeechContext.Provider>
  );
}

function firstLanguage(): Language {
  const wanted =
    new URLSearchParams(location.search).get('lang') ?? localStorage.getItem('jobtrace.lang') ?? navigator.language;
  return wanted.startsWith('zh') ? 'zh' : 'en';
}

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}
