// Defines the conditions that an agent reports about itself: what happened, what to do and how severe it is, in both
// languages. An agent raises a condition with its values and clears it when it is over. The store keeps code and
// values, and the API fills the text in the reader's language. docs/errors.md lists all conditions (a test compares).
import { fillText } from './errors.js';
import { hideSecrets } from './text/secrets.js';
import type { Language, Text } from './types.js';

export type ConditionSeverity = 'info' | 'warning' | 'error';

interface ConditionRow {
  readonly severity: ConditionSeverity;
  readonly message: Text;
  readonly fix: Text;
}

/** Conditions by their code. A code that core/errors.ts also has means the same in both tables. */
export const CONDITIONS = {
  JT_FILE_UNREADABLE: {
    severity: 'warning',
    message: { en: '{path} cannot be read: {problem}.', zh: '无法读取 {path}：{problem}。' },
    fix: {
      en: 'Check the path and the permissions of the user that runs the agent; it is tried again at each scan.',
      zh: '请检查路径以及运行采集端的用户的权限；每次扫描都会重试。',
    },
  },
  JT_FILE_BINARY: {
    severity: 'info',
    message: { en: '{path} holds no text and is left out.', zh: '{path} 不是文本文件，已跳过。' },
    fix: {
      en: 'Nothing, or narrow agent.paths so that it is not met; it is looked at again when it grows.',
      zh: '无需处理，或缩小 agent.paths 的范围；文件增长后会再次检查。',
    },
  },
  JT_TOO_MANY_OPEN_FILES: {
    severity: 'warning',
    message: {
      en: 'No more files can be opened: {problem}. Files wait for their turn.',
      zh: '无法打开更多文件：{problem}。其余文件将排队等待。',
    },
    fix: {
      en: 'Raise the limit of the process (ulimit -n, LimitNOFILE) or lower agent.maxOpenFiles.',
      zh: '请提高进程的文件数上限（ulimit -n、LimitNOFILE），或调低 agent.maxOpenFiles。',
    },
  },
  JT_ARCHIVE_INVALID: {
    severity: 'warning',
    message: { en: '{path} cannot be unpacked: {problem}.', zh: '无法解压 {path}：{problem}。' },
    fix: {
      en: 'Check the file with "gzip -t"; what was read before it was packed is stored. It is tried again when it changes.',
      zh: '请用 “gzip -t” 检查该文件；压缩之前已读取的内容不受影响。文件变化后会重试。',
    },
  },
  JT_ARCHIVE_UNREAD: {
    severity: 'warning',
    message: {
      en: '{path} was packed with {form} while no agent ran here; it may hold lines that were not read, and this form is not read.',
      zh: '{path} 在 Agent 未运行期间被以 {form} 压缩；其中可能有尚未读取的日志行，而该格式不受支持。',
    },
    fix: {
      en: 'Unpack it beside, under the name that it had (as app.log.1): it is read from where the agent was. Let rotations be packed with gzip, which is read. Reported until the agent is started again.',
      zh: '请在同一目录中用原文件名（如 app.log.1）解压：会从上次的位置继续读取。建议轮转时使用受支持的 gzip。Agent 重启前会一直提示。',
    },
  },
  JT_LINK_REFUSED: {
    severity: 'warning',
    message: {
      en: 'The symbolic link {path} is not followed: it leads to {target}, which lies outside of the watched folders or belongs to another user.',
      zh: '不跟随符号链接 {path}：它指向 {target}，该位置不在被监视的目录之内，或属于其他用户。',
    },
    fix: {
      en: 'Nothing of it was read. If it is a log that you want, watch the folder in which it really lies, or add that folder to agent.linksInto; otherwise ask who made the link.',
      zh: '没有读取其任何内容。若确为需要的日志，请直接监视其真实目录，或把该目录加入 agent.linksInto；否则请查明是谁创建了该链接。',
    },
  },
  JT_CLUSTER_UNNAMED: {
    severity: 'info',
    message: {
      en: 'Nothing names the cluster of {path} (and of files like it): its records are filed under "{cluster}", this node\'s name, so processes on other nodes do not explain them.',
      zh: '{path}（以及类似文件）没有集群名称：其记录归入以本节点命名的集群 “{cluster}”，因此不会与其他节点上的进程一起分析。',
    },
    fix: {
      en: 'Set agent.cluster to the same name on all nodes of a Flink cluster, or put {cluster} into the pattern of agent.paths.',
      zh: '请在同一 Flink 集群的所有节点上把 agent.cluster 设为相同的名称，或在 agent.paths 的模式中使用 {cluster}。',
    },
  },
  JT_KUBERNETES_SILENT: {
    severity: 'info',
    message: {
      en: 'The API server of Kubernetes ({address}) says nothing of a pod: {problem}. Files whose path does not name the cluster or the component go on without them.',
      zh: 'Kubernetes API 服务器（{address}）没有给出 Pod 的信息：{problem}。路径中没有集群或组件名称的文件将在缺少这些名称的情况下继续采集。',
    },
    fix: {
      en: 'Give the service account of the agent the right to get pods, or set agent.kubernetes to "off"; it is asked again by itself.',
      zh: '请为采集端的服务账号授予 pods 的 get 权限，或把 agent.kubernetes 设为 "off"；采集端会自动重试。',
    },
  },
  JT_BYTES_LOST: {
    severity: 'error',
    message: {
      en: '{path} vanished or was truncated before its last {bytes} bytes were read.',
      zh: '{path} 在最后 {bytes} 字节被读取之前已消失或被截断。',
    },
    fix: {
      en: 'Keep rotated files longer, or let them be renamed instead of copied and truncated; if the agent lags, see why the store is slow.',
      zh: '请延长轮转文件的保留时间，或改用重命名而不是复制加截断；若采集端有积压，请检查存储为何缓慢。',
    },
  },
  JT_CLOCK_OR_ZONE: {
    severity: 'warning',
    message: {
      en: 'The lines that are written to {path} now are {difference} of the clock of this node (probable zone of the process: {zone}).',
      zh: '当前写入 {path} 的日志时间与本节点时钟相差：{difference}（进程可能使用的时区：{zone}）。',
    },
    fix: {
      en: 'Set agent.zone to the time zone of the process, or let it log an offset; if no zone is named, set the clocks of node and process. Records read until then keep their times.',
      zh: '请把 agent.zone 设为该进程的时区，或让日志带上时区偏移；若未给出时区，请校准节点与进程的时钟。此前已读取的记录时间不变。',
    },
  },
  JT_READING_LIMITED: {
    severity: 'info',
    message: {
      en: 'Files grow faster than {setting} lets the agent read; it lags behind.',
      zh: '日志的增长速度超过了 {setting} 允许的读取速度，采集存在滞后。',
    },
    fix: {
      en: 'Nothing, if the lag goes by itself after a peak; else raise that limit, or files may be deleted before they are read.',
      zh: '若高峰过后滞后自行消失，则无需处理；否则请调高该限制，以免文件在读取之前被删除。',
    },
  },
  JT_SETTINGS_KEPT: {
    severity: 'warning',
    message: {
      en: 'The settings were to be read again and cannot be used: {problem} Those of before stay in use.',
      zh: '重新读取的设置无法使用：{problem} 继续使用之前的设置。',
    },
    fix: {
      en: 'Correct the settings file and send SIGHUP again ("jobtrace config print --config FILE" checks it); a restart would fail.',
      zh: '请修正设置文件后再次发送 SIGHUP（可用 “jobtrace config print --config FILE” 检查）；此时重启会失败。',
    },
  },
  JT_FILE_TRUNCATED: {
    severity: 'warning',
    message: {
      en: '{path} was truncated while no agent ran: what was written to it since the agent last looked is gone, in unknown number.',
      zh: '{path} 在采集端未运行期间被截断：采集端最后一次查看之后写入的内容已丢失，字节数未知。',
    },
    fix: {
      en: 'Let it be renamed instead of copied and truncated, or keep the copy in the same folder under the name of a rotation (such as .1), where the agent goes on reading it.',
      zh: '请改用重命名而不是复制加截断的轮转方式，或把副本以轮转文件名（如 .1）保留在同一目录，采集端会继续读取。',
    },
  },
  JT_CHECKPOINT_CORRUPT: {
    severity: 'info',
    message: {
      en: 'The checkpoint file {path} is damaged after byte {offset}; the {valid} entries before it are used.',
      zh: '检查点文件 {path} 在第 {offset} 字节之后已损坏；使用其之前的 {valid} 条记录。',
    },
    fix: {
      en: 'Nothing: what is read again keeps its ids and is stored once.',
      zh: '无需处理：重新读取的内容 id 不变，只会存储一次。',
    },
  },
  JT_CHECKPOINT_UNWRITABLE: {
    severity: 'error',
    message: {
      en: 'The checkpoint cannot be written: {problem}. Shipping goes on; after a restart some records are sent again under the same ids.',
      zh: '无法写入检查点：{problem}。采集继续进行；重启后部分记录会以相同的 id 再次发送。',
    },
    fix: {
      en: 'Free space in the data folder, or correct its permissions.',
      zh: '请释放数据目录所在磁盘的空间，或修正其权限。',
    },
  },
  JT_STORE_BUSY: {
    severity: 'warning',
    message: {
      en: 'The store asks for some records again: {problem}.',
      zh: '存储要求重新发送部分记录：{problem}。',
    },
    fix: {
      en: 'The agent sends them again by itself; if it lasts, the store is too small for what is written.',
      zh: '采集端会自动重新发送；如果持续出现，说明存储的容量不足以承受写入量。',
    },
  },
  JT_RECORDS_REFUSED: {
    severity: 'error',
    message: {
      en: 'The store refused records for good, the last one with: {problem}. They are kept in {path}.',
      zh: '存储拒绝了部分记录，最近一条的原因：{problem}。这些记录保存在 {path}。',
    },
    fix: {
      en: '"jobtrace dead-letters list" shows them with their errors; usually somebody changed an index template (docs/elasticsearch.md). When that is mended, "jobtrace dead-letters send" sends them to their place.',
      zh: '“jobtrace dead-letters list” 可列出这些记录及其错误；通常是索引模板被修改（docs/elasticsearch.md）。修复后用 “jobtrace dead-letters send” 重新发送。',
    },
  },
  JT_RECORD_COLLISION: {
    severity: 'error',
    message: {
      en: 'Two entries have the same id: {problem}. The later one is kept in the dead letters.',
      zh: '两条日志具有相同的 id：{problem}。后一条保存在死信文件中。',
    },
    fix: {
      en: 'Give each node its own name (agent.host); if the names differ, this is a defect: please report it.',
      zh: '请为每个节点设置不同的名称（agent.host）；如果名称已不同，则属于缺陷，请反馈。',
    },
  },
  JT_DEAD_LETTERS_UNWRITABLE: {
    severity: 'error',
    message: {
      en: 'Records that the store refused cannot be written to the dead letters: {problem}.',
      zh: '被存储拒绝的记录无法写入死信文件：{problem}。',
    },
    fix: {
      en: 'Free space in the data folder, or correct its permissions; the records are kept in memory and tried again.',
      zh: '请释放数据目录所在磁盘的空间，或修正其权限；这些记录保留在内存中并会重试。',
    },
  },
  JT_DEAD_LETTERS_DROPPED: {
    severity: 'error',
    message: {
      en: '{count} of the oldest dead letters ({path}) were dropped, because all together took more than agent.deadLetterBytes.',
      zh: '死信文件（{path}）超过 agent.deadLetterBytes，已丢弃最旧的 {count} 条。',
    },
    fix: {
      en: 'Mend what the store refuses (JT_RECORDS_REFUSED) and run "jobtrace dead-letters send"; or raise agent.deadLetterBytes.',
      zh: '请修复存储拒绝记录的原因（JT_RECORDS_REFUSED）并运行 “jobtrace dead-letters send”，或调高 agent.deadLetterBytes。',
    },
  },
  JT_STORE_UNREACHABLE: {
    severity: 'error',
    message: { en: 'The store cannot be reached ({place}): {problem}.', zh: '无法连接存储（{place}）：{problem}。' },
    fix: {
      en: 'Check that it runs and that store.urls is right; the agent tries again by itself and loses nothing while the log files stand.',
      zh: '请检查存储是否运行、store.urls 是否正确；采集端会自动重试，只要日志文件还在就不会丢失数据。',
    },
  },
  JT_STORE_DENIED: {
    severity: 'error',
    message: {
      en: 'The store refuses the agent ({place}): {problem}.',
      zh: '存储拒绝采集端的请求（{place}）：{problem}。',
    },
    fix: {
      en: 'Check the user, the API key and its rights (docs/elasticsearch.md); the agent tries again by itself.',
      zh: '请检查用户、API key 及其权限（docs/elasticsearch.md）；采集端会自动重试。',
    },
  },
  JT_STORE_REFUSED: {
    severity: 'error',
    message: {
      en: 'The store refuses whole batches ({place}): {problem}.',
      zh: '存储拒绝了整批数据（{place}）：{problem}。',
    },
    fix: {
      en: 'This is a defect or a changed index template: see docs/elasticsearch.md.',
      zh: '属于缺陷或索引模板被修改：参见 docs/elasticsearch.md。',
    },
  },
  JT_STORE_UNUSABLE: {
    severity: 'error',
    message: { en: 'The store cannot be used ({place}): {problem}.', zh: '存储不可用（{place}）：{problem}。' },
    fix: {
      en: 'The log of the agent has the advice for this case; it tries again by itself.',
      zh: '采集端的日志中有针对该情况的建议；采集端会自动重试。',
    },
  },
  JT_STORE_FULL: {
    severity: 'error',
    message: { en: 'The store has no room ({place}): {problem}.', zh: '存储空间已满（{place}）：{problem}。' },
    fix: {
      en: 'Free space on the data nodes of Elasticsearch, or add a node; the agent goes on by itself and loses nothing while the log files stand.',
      zh: '请释放 Elasticsearch 数据节点的磁盘空间，或增加节点；采集端会自动继续，只要日志文件还在就不会丢失数据。',
    },
  },
  JT_STORE_TOO_NEW: {
    severity: 'error',
    message: {
      en: 'The data in {place} was written by a newer Jobtrace.',
      zh: '{place} 中的数据由更新版本的 Jobtrace 写入。',
    },
    fix: { en: 'Use the newer version on this node as well.', zh: '请在本节点也使用新版本。' },
  },
  JT_DISK_FULL: {
    severity: 'error',
    message: { en: '{place} cannot be written: no space is left.', zh: '无法写入 {place}：空间已满。' },
    fix: {
      en: 'Free some space; the agent goes on by itself and loses nothing while the log files stand.',
      zh: '请释放空间；采集端会自动继续，只要日志文件还在就不会丢失数据。',
    },
  },
  JT_FILE_UNWRITABLE: {
    severity: 'error',
    message: { en: '{place} cannot be written: {problem}.', zh: '无法写入 {place}：{problem}。' },
    fix: {
      en: 'Check the folder and the permissions of the user that runs the agent; it goes on by itself.',
      zh: '请检查目录以及运行采集端的用户的权限；采集端会自动继续。',
    },
  },
} as const satisfies Record<string, ConditionRow>;

export type ConditionCode = keyof typeof CONDITIONS;

/** Names of the placeholders in a text: `'{a} of {b}'` → `'a' | 'b'`. */
type Slots<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Slots<Rest>
  : never;

/** Values that the message of a code needs. */
export type ConditionValues<Code extends ConditionCode> = Readonly<
  Record<Slots<(typeof CONDITIONS)[Code]['message']['en']>, string | number>
>;

export function isConditionCode(code: string): code is ConditionCode {
  return Object.hasOwn(CONDITIONS, code);
}

/**
 * Renders the message of a condition. Secrets in addresses are hidden. The placeholder of a missing value stays in the
 * text.
 */
export function renderCondition(
  code: ConditionCode,
  values: Readonly<Record<string, string | number>>,
  language: Language,
): string {
  const safe = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? hideSecrets(value) : value,
  ]);
  return fillText(CONDITIONS[code].message[language], Object.fromEntries(safe));
}
