// Lists options that were renamed or removed, by Flink version, as data for options.ts. Source: the option classes and
// the release notes of 1.20 and 2.0. Values that changed their meaning together with the name have a flag.

export interface OptionChange {
  readonly old: string;
  /** New name; absent if nothing replaces the option. */
  readonly key?: string;
  /** First version that knows the new key. */
  readonly since: string;
  /** First version that does not know the old key. */
  readonly removed?: string;
  /** Set if the value has another meaning under the new key. */
  readonly otherValue?: true;
  readonly hint?: string;
}

export const OPTION_CHANGES: readonly OptionChange[] = [
  { old: 'state.checkpoints.dir', key: 'execution.checkpointing.dir', since: '1.20' },
  { old: 'state.backend.fs.checkpointdir', key: 'execution.checkpointing.dir', since: '1.20', removed: '2.0' },
  { old: 'state.savepoints.dir', key: 'execution.checkpointing.savepoint-dir', since: '1.20' },
  {
    old: 'savepoints.state.backend.fs.dir',
    key: 'execution.checkpointing.savepoint-dir',
    since: '1.20',
    removed: '2.0',
  },
  { old: 'state.checkpoint-storage', key: 'execution.checkpointing.storage', since: '1.20' },
  { old: 'state.checkpoints.num-retained', key: 'execution.checkpointing.num-retained', since: '1.20' },
  { old: 'state.backend.incremental', key: 'execution.checkpointing.incremental', since: '1.20' },
  {
    old: 'state.backend.local-recovery',
    key: 'execution.state-recovery.from-local',
    since: '1.20',
    removed: '2.0',
    hint: 'with execution.checkpointing.local-backup.enabled',
  },
  { old: 'taskmanager.state.local.root-dirs', key: 'execution.checkpointing.local-backup.dirs', since: '1.20' },
  { old: 'state.storage.fs.memory-threshold', key: 'execution.checkpointing.data-inline-threshold', since: '1.20' },
  { old: 'state.backend.fs.memory-threshold', key: 'execution.checkpointing.data-inline-threshold', since: '1.20' },
  { old: 'state.storage.fs.write-buffer-size', key: 'execution.checkpointing.write-buffer-size', since: '1.20' },
  { old: 'state.checkpoints.create-subdir', key: 'execution.checkpointing.create-subdir', since: '1.20' },
  {
    old: 'state.checkpoint.cleaner.parallel-mode',
    key: 'execution.checkpointing.cleaner.parallel-mode',
    since: '1.20',
  },
  { old: 'execution.savepoint.path', key: 'execution.state-recovery.path', since: '1.20' },
  {
    old: 'execution.savepoint.ignore-unclaimed-state',
    key: 'execution.state-recovery.ignore-unclaimed-state',
    since: '1.20',
  },
  { old: 'execution.savepoint-restore-mode', key: 'execution.state-recovery.claim-mode', since: '1.20' },
  { old: 'state.backend', key: 'state.backend.type', since: '1.18' },
  { old: 'state.backend.async', since: '1.14', removed: '2.0', hint: 'state is always written asynchronously' },
  { old: 'state.backend.rocksdb.checkpointdir', key: 'state.backend.rocksdb.localdir', since: '1.4', removed: '2.0' },
  {
    old: 'execution.checkpointing.alignment-timeout',
    key: 'execution.checkpointing.aligned-checkpoint-timeout',
    since: '1.14',
  },
  { old: 'execution.checkpointing.unaligned', key: 'execution.checkpointing.unaligned.enabled', since: '1.18' },
  { old: 'restart-strategy', key: 'restart-strategy.type', since: '1.17' },
  {
    old: 'cluster.evenly-spread-out-slots',
    key: 'taskmanager.load-balance.mode',
    since: '1.19',
    removed: '2.0',
    otherValue: true,
    hint: 'set taskmanager.load-balance.mode to SLOTS',
  },
  {
    old: 'taskmanager.heap.size',
    key: 'taskmanager.memory.process.size',
    since: '1.10',
    removed: '2.0',
    otherValue: true,
  },
  {
    old: 'taskmanager.heap.mb',
    key: 'taskmanager.memory.process.size',
    since: '1.10',
    removed: '2.0',
    otherValue: true,
  },
  {
    old: 'jobmanager.heap.size',
    key: 'jobmanager.memory.process.size',
    since: '1.11',
    removed: '2.0',
    otherValue: true,
  },
  { old: 'jobmanager.heap.mb', key: 'jobmanager.memory.process.size', since: '1.11', removed: '2.0', otherValue: true },
  { old: 'taskmanager.memory.size', key: 'taskmanager.memory.managed.size', since: '1.10' },
  {
    old: 'taskmanager.memory.fraction',
    key: 'taskmanager.memory.managed.fraction',
    since: '1.10',
    otherValue: true,
    hint: 'the fraction is taken of another size: do not copy the number',
  },
  {
    old: 'taskmanager.network.memory.fraction',
    key: 'taskmanager.memory.network.fraction',
    since: '1.10',
    removed: '2.0',
  },
  { old: 'taskmanager.network.memory.min', key: 'taskmanager.memory.network.min', since: '1.10', removed: '2.0' },
  { old: 'taskmanager.network.memory.max', key: 'taskmanager.memory.network.max', since: '1.10', removed: '2.0' },
  {
    old: 'taskmanager.network.numberOfBuffers',
    since: '1.3',
    removed: '2.0',
    hint: 'set taskmanager.memory.network.min and .max',
  },
  {
    old: 'taskmanager.network.memory.buffers-per-channel',
    since: '1.20',
    removed: '2.0',
    hint: 'raise taskmanager.memory.network.min and .max instead',
  },
  {
    old: 'taskmanager.network.memory.floating-buffers-per-gate',
    since: '1.20',
    removed: '2.0',
    hint: 'raise taskmanager.memory.network.min and .max instead',
  },
  {
    old: 'taskmanager.network.memory.max-buffers-per-channel',
    since: '1.20',
    removed: '2.0',
    hint: 'raise taskmanager.memory.network.min and .max instead',
  },
  {
    old: 'taskmanager.network.memory.max-overdraft-buffers-per-gate',
    since: '1.20',
    removed: '2.0',
    hint: 'raise taskmanager.memory.network.min and .max instead',
  },
  {
    old: 'taskmanager.network.memory.exclusive-buffers-request-timeout-ms',
    key: 'taskmanager.network.memory.buffers-request-timeout',
    since: '1.20',
    removed: '2.0',
  },
  {
    old: 'taskmanager.network.blocking-shuffle.compression.enabled',
    key: 'taskmanager.network.compression.codec',
    since: '1.20',
    removed: '2.0',
    otherValue: true,
    hint: 'NONE switches compression off',
  },
  {
    old: 'taskmanager.network.batch-shuffle.compression.enabled',
    key: 'taskmanager.network.compression.codec',
    since: '1.20',
    removed: '2.0',
    otherValue: true,
    hint: 'NONE switches compression off',
  },
  {
    old: 'taskmanager.network.sort-shuffle.min-parallelism',
    since: '1.20',
    removed: '2.0',
    hint: 'the sort shuffle is always used',
  },
  {
    old: 'taskmanager.network.blocking-shuffle.type',
    since: '1.20',
    removed: '2.0',
    hint: 'the sort shuffle is always used',
  },
  { old: 'taskmanager.network.max-num-tcp-connections', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'taskmanager.network.netty.num-arenas', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'taskmanager.network.netty.server.numThreads', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'taskmanager.network.netty.client.numThreads', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'taskmanager.network.netty.server.backlog', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  {
    old: 'taskmanager.network.netty.sendReceiveBufferSize',
    since: '1.20',
    removed: '2.0',
    hint: 'nothing replaces it',
  },
  { old: 'taskmanager.network.netty.transport', since: '1.20', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'task.cancellation-interval', key: 'task.cancellation.interval', since: '1.3' },
  { old: 'slotmanager.taskmanager-timeout', key: 'resourcemanager.taskmanager-timeout', since: '1.5', removed: '2.0' },
  { old: 'jobmanager.web.port', key: 'rest.port', since: '1.5', removed: '2.0' },
  { old: 'web.port', key: 'rest.port', since: '1.5', removed: '2.0' },
  { old: 'web.address', key: 'rest.address', since: '1.5', removed: '2.0' },
  { old: 'high-availability', key: 'high-availability.type', since: '1.17' },
  { old: 'high-availability.job.delay', since: '1.11', removed: '2.0', hint: 'nothing replaces it' },
  { old: 'high-availability.zookeeper.path.jobgraphs', since: '1.14', removed: '2.0', hint: 'nothing replaces it' },
  {
    old: 'high-availability.zookeeper.path.running-registry',
    since: '1.14',
    removed: '2.0',
    hint: 'nothing replaces it',
  },
  {
    old: 'security.ssl.enabled',
    key: 'security.ssl.internal.enabled',
    since: '1.6',
    removed: '2.0',
    hint: 'with security.ssl.rest.enabled',
  },
  { old: 'env.java.opts', key: 'env.java.opts.all', since: '1.17' },
  { old: 'kubernetes.pod-template-file', key: 'kubernetes.pod-template-file.default', since: '1.18' },
  { old: 'kubernetes.container.image', key: 'kubernetes.container.image.ref', since: '1.17' },
  { old: 'local.number-taskmanager', key: 'minicluster.number-of-taskmanagers', since: '1.18' },
  {
    old: 'pipeline.default-kryo-serializers',
    key: 'pipeline.serialization-config',
    since: '1.19',
    removed: '2.0',
    otherValue: true,
  },
  {
    old: 'pipeline.registered-kryo-types',
    key: 'pipeline.serialization-config',
    since: '1.19',
    removed: '2.0',
    otherValue: true,
  },
  {
    old: 'pipeline.registered-pojo-types',
    key: 'pipeline.serialization-config',
    since: '1.19',
    removed: '2.0',
    otherValue: true,
  },
  { old: 'pipeline.auto-type-registration', since: '1.19', removed: '2.0', hint: 'use pipeline.serialization-config' },
];

/** Changes of whole families: `akka.ask.timeout` became `pekko.ask.timeout`. */
export const PREFIX_CHANGES: readonly OptionChange[] = [
  { old: 'akka.', key: 'pekko.', since: '1.18' },
  { old: 'state.backend.latency-track.', key: 'state.latency-track.', since: '1.20', removed: '2.0' },
];
