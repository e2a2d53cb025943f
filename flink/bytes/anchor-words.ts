// Chooses the four words of a literal that stand for it in anchors.ts: those that are rarest in log lines and in other
// literals. A word in most lines would be found in most lines, mostly in vain. Pure functions, which run when a catalog
// is loaded.
import { hashWord, WORD, type WordOffset } from '../../core/wasm/byte-search.js';

/** Length from which a text holds a whole word, wherever the word boundary is. */
export const MIN_ANCHOR_BYTES = 2 * WORD - 1;
const BLANK = 32;
/** White space that a blank of a literal matches. */
const WHITE: readonly number[] = [9, 10, 13, BLANK];

/** Lines that are typical of logs, whoever writes them. */
const COMMON_LINES = [
  "2026-01-01 00:00:00,000 INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator    [] - Triggering checkpoint 1 (type=CheckpointType{name='Checkpoint', sharingFilesStrategy=FORWARD_BACKWARD}) @ 1700000000000 for job 0123456789abcdef.",
  'DEBUG org.apache.flink.runtime.taskexecutor.TaskExecutor [] - Completed checkpoint 1 for job 0123456789abcdef (4817 bytes, checkpointDuration=11 ms, finalizationTime=1 ms).',
  'INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph       [] - Source: orders -> Map -> Sink: Writer (1/2) (0123456789abcdef_0_0) switched from DEPLOYING to INITIALIZING, from CREATED to SCHEDULED.',
  'INFO  org.apache.flink.runtime.taskexecutor.slot.TaskSlotTableImpl [] - Free slot TaskSlot(index:0, state:ACTIVE, resource profile: ResourceProfile{cpuCores=1, taskHeapMemory=384.000mb (402653174 bytes), managedMemory=512.000mb}).',
  'INFO  org.apache.flink.runtime.taskexecutor.DefaultJobLeaderService [] - Try to register at job manager pekko.tcp://flink@localhost:6123/user/rpc/jobmanager_2 with leader id 00000000-0000-0000-0000-000000000000.',
  'INFO  org.apache.flink.runtime.jobmaster.JobMaster                 [] - JobManager successfully registered at ResourceManager, leader id: 0123456789abcdef.',
  'INFO  org.apache.flink.runtime.resourcemanager.slotmanager.DeclarativeSlotManager [] - Received resource requirements from job 0123456789abcdef: matching resource requirements against available resources.',
  'INFO  org.apache.flink.streaming.runtime.tasks.StreamTask          [] - Using job/cluster config to configure application-defined state backend and checkpoint storage: File State Backend (checkpoints: hdfs://nameservice1/flink/checkpoints)',
  'INFO  org.apache.flink.contrib.streaming.state.RocksDBStateBackend [] - Asynchronous incremental RocksDB snapshot of keyed state part 2 took 11 ms, operator Window(TumblingProcessingTimeWindows(10000))',
  'INFO  org.apache.flink.streaming.api.functions.sink.filesystem.Buckets                     [] - Subtask 0 received completion notification for checkpoint with id=1.',
  'INFO  org.apache.flink.connector.base.source.reader.SourceReaderBase [] - Adding split(s) to reader: [[Partition: orders-0, StartingOffset: 17, StoppingOffset: -9223372036854775808]]',
  'INFO  org.apache.kafka.clients.consumer.internals.ConsumerCoordinator [] - [Consumer clientId=client-1, groupId=group] Setting offset for partition topic-0 to the committed offset',
  'INFO  org.apache.kafka.clients.producer.internals.TransactionManager [] - [Producer clientId=producer-1, transactionalId=sink-0-1] ProducerId set to 17 with epoch 0, Discovered transaction coordinator node-1:9092',
  'INFO  org.apache.hadoop.yarn.client.RMProxy - Connecting to ResourceManager at node-1.example.com/10.0.0.1:8032',
  'INFO  org.apache.zookeeper.ClientCnxn - Session establishment complete on server node-1/10.0.0.1:2181, sessionid = 0x10000000000, negotiated timeout = 60000',
  'INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - State backend is set to heap memory org.apache.flink.runtime.state.hashmap.HashMapStateBackend, Checkpoint storage is set to jobmanager, org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage@17',
  'INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - Using failover strategy org.apache.flink.runtime.executiongraph.failover.flip1.RestartPipelinedRegionFailoverStrategy@17 for orders (0123456789abcdef).',
  'INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator [] - Stopping checkpoint coordinator for job 0123456789abcdef. Restoring job from latest checkpoint. No checkpoint found during restore.',
  'INFO  org.apache.flink.runtime.checkpoint.StandaloneCompletedCheckpointStore [] - Shutting down. Failed to start, failed to stop, successfully started.',
  'INFO  org.apache.flink.runtime.resourcemanager.StandaloneResourceManager [] - Disconnect job manager 0@pekko.tcp://flink@localhost:6123/user/rpc/jobmanager_2 for job 0123456789abcdef from the resource manager. Clearing resource requirements',
  'INFO  org.apache.flink.client.cli.CliFrontend [] -  Program Arguments: Successful registration at job manager, Running, number of system properties',
  'INFO  com.example.orders.OrderProcessFunction - processed record key=4711 value={"id":4711,"user":"name","amount":12.50,"status":"ok","time":"2026-01-01T00:00:00.000Z"} from partition in ms',
  '\tat org.apache.flink.streaming.runtime.tasks.StreamTask.invoke(StreamTask.java:959) ~[flink-dist-1.20.0.jar:1.20.0]',
  '\tat org.apache.flink.runtime.rpc.pekko.PekkoRpcActor.handleRpcMessage(PekkoRpcActor.java:168) at java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1149) [?:1.8.0_292]',
];
const COMMON_WEIGHT = 100;
/** Number of leading common lines that make up most lines of a JobManager. */
const MAX_LINES = 2;
const MAX_WEIGHT = 2000;

/** Returns the start of the window of each literal. Any window is correct; the rarest words cost least. */
export function chooseWindows(patterns: readonly Buffer[]): readonly number[] {
  const all = Buffer.concat(patterns);
  const hashes = hashWords(all);
  const weights = weighWords(patterns, hashes);
  let end = 0;
  return patterns.map(({ length }) => {
    const begin = end;
    end += length;
    return chooseWindow(all, begin, end, hashes, weights) - begin;
  });
}

/** Returns the words of the window of each literal. A word with a blank is listed with every white space. */
export function locateWords(patterns: readonly Buffer[], windows: readonly number[]): readonly WordOffset[] {
  const places: WordOffset[] = [];
  patterns.forEach((pattern, text) => {
    const start = windows[text] ?? 0;
    for (let offset = start; offset < start + WORD; offset++) {
      for (let form = countForms(pattern, offset) - 1; form >= 0; form--)
        places.push({ word: readForm(pattern, offset, form), text, offset });
    }
  });
  return places;
}

/** Frequency of words in literals and in common lines, by their hash. Two words rarely share a hash. */
type Weights = Uint32Array;
const WEIGHT_BITS = 18;

/** Returns the hashes of the words that begin at each byte. */
function hashWords(bytes: Buffer): Int32Array {
  const hashes = new Int32Array(bytes.length);
  let word = 0;
  for (let last = 0; last < bytes.length; last++) {
    word = (word >>> 8) | ((bytes[last] ?? 0) << 24);
    if (last >= WORD - 1) hashes[last - WORD + 1] = hashWord(word, 32 - WEIGHT_BITS);
  }
  return hashes;
}

function weighWords(patterns: readonly Buffer[], hashes: Int32Array): Weights {
  const weights = new Uint32Array(2 ** WEIGHT_BITS);
  let begin = 0;
  for (const { length } of patterns) {
    weigh(hashes, begin, begin + length, 1, weights);
    begin += length;
  }
  COMMON_LINES.forEach((line, index) => {
    const bytes = Buffer.from(line);
    weigh(hashWords(bytes), 0, bytes.length, index < MAX_LINES ? MAX_WEIGHT : COMMON_WEIGHT, weights);
  });
  return weights;
}

/** Adds the weight of the whole words from one place up to another. */
function weigh(hashes: Int32Array, from: number, to: number, weight: number, weights: Weights): void {
  for (let at = from; at + WORD <= to; at++) weights[hashes[at] ?? 0] = (weights[hashes[at] ?? 0] ?? 0) + weight;
}

/** Returns the start of the window whose four words weigh least. */
function chooseWindow(bytes: Buffer, from: number, to: number, hashes: Int32Array, weights: Weights): number {
  const costs = [0, 0, 0, 0];
  let sum = 0;
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let at = from; at + WORD <= to; at++) {
    const cost = countForms(bytes, at) + (weights[hashes[at] ?? 0] ?? 0);
    sum += cost - (costs[at % WORD] ?? 0);
    costs[at % WORD] = cost;
    if (at < from + WORD - 1 || sum >= least) continue;
    best = at - WORD + 1;
    least = sum;
  }
  return best;
}

/** Counts the forms of a word. Every blank multiplies them by four. */
function countForms(bytes: Buffer, at: number): number {
  let forms = 1;
  for (let index = at; index < at + WORD; index++) if (bytes[index] === BLANK) forms *= WHITE.length;
  return forms;
}

/** Returns the word at a place in one of its forms: the number of the form selects the white space for each blank. */
function readForm(bytes: Buffer, at: number, form: number): number {
  let word = 0;
  let rest = form;
  for (let index = at + WORD - 1; index >= at; index--) {
    const byte = bytes[index] ?? 0;
    word = (word << 8) | (byte === BLANK ? (WHITE[rest % WHITE.length] ?? BLANK) : byte);
    if (byte === BLANK) rest = Math.floor(rest / WHITE.length);
  }
  return word;
}
