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
      en: 'Check the path and the permissions of the user that runs the agent; every scan retries.',
      zh: '请检查路径以及运行采集端的用户的权限；每次扫描都会重试。',
    },
  },
  JT_FILE_BINARY: {
    severity: 'info',
    message: { en: '{path} is not a text file and is skipped.', zh: '{path} 不是文本文件，已跳过。' },
    fix: {
      en: 'No action is needed. To avoid this note, exclude the file in agent.paths; it is checked again when it grows.',
      zh: '无需处理；如不希望出现此提示，请在 agent.paths 中排除该文件。文件增长后会再次检查。',
    },
  },
  JT_TOO_MANY_OPEN_FILES: {
    severity: 'warning',
    message: {
      en: 'No more files can be opened: {problem}. Other files are queued.',
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
      en: 'Check the file with "gzip -t". Lines that were read before it was compressed are stored; it is retried when it changes.',
      zh: '请用 “gzip -t” 检查该文件；压缩之前已读取的内容不受影响。文件变化后会重试。',
    },
  },
  JT_ARCHIVE_UNREAD: {
    severity: 'warning',
    message: {
      en: '{path} was compressed with {form} while no agent was running. {form} is not supported, so unread lines in it may be missing.',
      zh: '{path} 在采集端未运行期间以 {form} 格式压缩。该格式不受支持，其中尚未读取的日志可能缺失。',
    },
    fix: {
      en: 'Decompress it in the same folder under its former name (such as app.log.1); the agent continues where it stopped. Let rotation use gzip, which is supported. This note stays until the agent restarts.',
      zh: '请在同一目录中用原文件名（如 app.log.1）解压：会从上次的位置继续读取。建议轮转时使用受支持的 gzip。此提示保留到采集端重启。',
    },
  },
  JT_LINK_REFUSED: {
    severity: 'warning',
    message: {
      en: 'The symbolic link {path} is not followed: its target {target} is outside the watched folders or belongs to another user.',
      zh: '不跟随符号链接 {path}：它指向 {target}，该位置不在被监视的目录之内，或属于其他用户。',
    },
    fix: {
      en: 'Nothing of it was read. If you want this log, watch the folder of the target or add that folder to agent.linksInto; otherwise find out who created the link.',
      zh: '没有读取其任何内容。若确为需要的日志，请直接监视其真实目录，或把该目录加入 agent.linksInto；否则请查明是谁创建了该链接。',
    },
  },
  JT_CLUSTER_UNNAMED: {
    severity: 'info',
    message: {
      en: 'No cluster name for {path} (and similar files): records are stored under the name of this node, "{cluster}", and are not correlated with other nodes.',
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
      en: 'The Kubernetes API server ({address}) returned no pod information: {problem}. Files whose path has no cluster or component name are read without it.',
      zh: 'Kubernetes API Server（{address}）未返回 Pod 信息：{problem}。路径中不含集群或组件名称的文件会继续采集，但缺少这些信息。',
    },
    fix: {
      en: 'Grant the service account of the agent "get" on pods, or set agent.kubernetes to "off"; the agent retries automatically.',
      zh: '请为采集端的服务账号授予 pods 的 get 权限，或把 agent.kubernetes 设为 "off"；采集端会自动重试。',
    },
  },
  JT_BYTES_LOST: {
    severity: 'error',
    message: {
      en: '{path} was deleted or truncated before its last {bytes} bytes were read; they are lost.',
      zh: '{path} 的最后 {bytes} 字节尚未读取，文件就已被删除或截断，这部分数据已丢失。',
    },
    fix: {
      en: 'Keep rotated files longer, or rotate by renaming instead of copy-and-truncate; if the agent has a backlog, check why the store is slow.',
      zh: '请延长轮转文件的保留时间，或改用重命名而不是复制加截断；若采集端有积压，请检查存储为何缓慢。',
    },
  },
  JT_CLOCK_OR_ZONE: {
    severity: 'warning',
    message: {
      en: 'Timestamps of new lines in {path} are {difference} of the clock of this node (probable time zone of the process: {zone}).',
      zh: '当前写入 {path} 的日志时间与本节点时钟相差：{difference}（进程可能使用的时区：{zone}）。',
    },
    fix: {
      en: 'Set agent.zone to the time zone of the process, or log timestamps with an offset; if no zone is given, synchronize the clocks. Records that are already read keep their timestamps.',
      zh: '请把 agent.zone 设为该进程的时区，或让日志带上时区偏移；若未给出时区，请校准节点与进程的时钟。此前已读取的记录时间不变。',
    },
  },
  JT_READING_LIMITED: {
    severity: 'info',
    message: {
      en: 'Log files grow faster than {setting} allows the agent to read; a backlog builds up.',
      zh: '日志的增长速度超过了 {setting} 允许的读取速度，出现积压。',
    },
    fix: {
      en: 'No action is needed if the backlog shrinks after a peak; otherwise raise the limit, because files may be deleted before they are read.',
      zh: '若高峰过后积压自行消失，则无需处理；否则请调高该限制，以免文件在读取之前被删除。',
    },
  },
  JT_SETTINGS_KEPT: {
    severity: 'warning',
    message: {
      en: 'Reload failed: {problem} The previous settings stay active.',
      zh: '重新加载设置失败：{problem} 继续使用之前的设置。',
    },
    fix: {
      en: 'Correct the settings file and send SIGHUP again ("jobtrace config print --config FILE" checks it); a restart would fail.',
      zh: '请修正设置文件后再次发送 SIGHUP（可用 “jobtrace config print --config FILE” 检查）；此时重启会失败。',
    },
  },
  JT_FILE_TRUNCATED: {
    severity: 'warning',
    message: {
      en: '{path} was truncated while no agent was running: an unknown amount of data that was written since the last read was lost.',
      zh: '{path} 在采集端未运行期间被截断：最后一次读取之后写入的数据已丢失，数量未知。',
    },
    fix: {
      en: 'Rotate by renaming instead of copy-and-truncate, or keep the copy in the same folder with a rotation name (such as .1), so that the agent continues with it.',
      zh: '请改用重命名而不是复制加截断的轮转方式，或把副本以轮转文件名（如 .1）保留在同一目录，采集端会继续读取。',
    },
  },
  JT_CHECKPOINT_CORRUPT: {
    severity: 'info',
    message: {
      en: 'The checkpoint file {path} is corrupt after byte {offset}; the {valid} entries before it are used.',
      zh: '检查点文件 {path} 在第 {offset} 字节之后已损坏；使用其之前的 {valid} 条记录。',
    },
    fix: {
      en: 'No action is needed: lines that are read again keep their ids and are stored once.',
      zh: '无需处理：重新读取的内容 id 不变，只会存储一次。',
    },
  },
  JT_CHECKPOINT_UNWRITABLE: {
    severity: 'error',
    message: {
      en: 'The checkpoint cannot be written: {problem}. Shipping continues; after a restart some records are sent again with the same ids.',
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
      en: 'The store is rejecting records temporarily: {problem}.',
      zh: '存储暂时拒绝了部分记录：{problem}。',
    },
    fix: {
      en: 'The agent retries automatically; if this persists, the store is too small for the write load.',
      zh: '采集端会自动重新发送；如果持续出现，说明存储的容量不足以承受写入量。',
    },
  },
  JT_RECORDS_REFUSED: {
    severity: 'error',
    message: {
      en: 'The store rejected records permanently; last error: {problem}. They are kept in {path}.',
      zh: '存储永久拒绝了部分记录，最近的错误：{problem}。这些记录保存在 {path}。',
    },
    fix: {
      en: '"jobtrace dead-letters list" shows them with their errors; the usual cause is a modified index template (docs/elasticsearch.md). After fixing it, resend them with "jobtrace dead-letters send".',
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
      en: 'Give each node its own name (agent.host); if the names differ, this is a bug: please report it.',
      zh: '请为每个节点设置不同的名称（agent.host）；如果名称已不同，则这是缺陷，请反馈。',
    },
  },
  JT_DEAD_LETTERS_UNWRITABLE: {
    severity: 'error',
    message: {
      en: 'Records that the store rejected cannot be written to the dead letters: {problem}.',
      zh: '被存储拒绝的记录无法写入死信文件：{problem}。',
    },
    fix: {
      en: 'Free space in the data folder, or correct its permissions; the records stay in memory and are retried.',
      zh: '请释放数据目录所在磁盘的空间，或修正其权限；这些记录保留在内存中并会重试。',
    },
  },
  JT_DEAD_LETTERS_DROPPED: {
    severity: 'error',
    message: {
      en: 'The {count} oldest dead letters ({path}) were dropped because their total size exceeded agent.deadLetterBytes.',
      zh: '死信文件（{path}）超过 agent.deadLetterBytes，已丢弃最旧的 {count} 条。',
    },
    fix: {
      en: 'Fix the cause of the rejections (JT_RECORDS_REFUSED) and run "jobtrace dead-letters send", or raise agent.deadLetterBytes.',
      zh: '请修复存储拒绝记录的原因（JT_RECORDS_REFUSED）并运行 “jobtrace dead-letters send”，或调高 agent.deadLetterBytes。',
    },
  },
  JT_STORE_UNREACHABLE: {
    severity: 'error',
    message: { en: 'The store cannot be reached ({place}): {problem}.', zh: '无法连接存储（{place}）：{problem}。' },
    fix: {
      en: 'Check that it is running and that store.urls is correct; the agent retries automatically and loses nothing as long as the log files exist.',
      zh: '请检查存储是否运行、store.urls 是否正确；采集端会自动重试，只要日志文件还在就不会丢失数据。',
    },
  },
  JT_STORE_DENIED: {
    severity: 'error',
    message: {
      en: 'The store denied the request of the agent ({place}): {problem}.',
      zh: '存储拒绝采集端的请求（{place}）：{problem}。',
    },
    fix: {
      en: 'Check the user, the API key and its rights (docs/elasticsearch.md); the agent retries automatically.',
      zh: '请检查用户、API key 及其权限（docs/elasticsearch.md）；采集端会自动重试。',
    },
  },
  JT_STORE_REFUSED: {
    severity: 'error',
    message: {
      en: 'The store rejects whole batches ({place}): {problem}.',
      zh: '存储拒绝了整批数据（{place}）：{problem}。',
    },
    fix: {
      en: 'This is a bug in Jobtrace or a modified index template: see docs/elasticsearch.md.',
      zh: '这是 Jobtrace 的缺陷，或索引模板被修改：参见 docs/elasticsearch.md。',
    },
  },
  JT_STORE_UNUSABLE: {
    severity: 'error',
    message: { en: 'The store cannot be used ({place}): {problem}.', zh: '存储不可用（{place}）：{problem}。' },
    fix: {
      en: 'See the log of the agent for what to do; it retries automatically.',
      zh: '采集端的日志中有针对该情况的建议；采集端会自动重试。',
    },
  },
  JT_STORE_FULL: {
    severity: 'error',
    message: { en: 'The store is full ({place}): {problem}.', zh: '存储空间已满（{place}）：{problem}。' },
    fix: {
      en: 'Free disk space on the Elasticsearch data nodes, or add a node; the agent resumes automatically and loses nothing as long as the log files exist.',
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
    message: { en: '{place} cannot be written: no space left on device.', zh: '无法写入 {place}：空间已满。' },
    fix: {
      en: 'Free disk space; the agent resumes automatically and loses nothing as long as the log files exist.',
      zh: '请释放空间；采集端会自动继续，只要日志文件还在就不会丢失数据。',
    },
  },
  JT_FILE_UNWRITABLE: {
    severity: 'error',
    message: { en: '{place} cannot be written: {problem}.', zh: '无法写入 {place}：{problem}。' },
    fix: {
      en: 'Check the folder and the permissions of the user that runs the agent; the agent resumes automatically.',
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
