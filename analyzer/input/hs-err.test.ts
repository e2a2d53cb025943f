import { describe, expect, it } from 'vitest';
import { CRASH, CRASH_OF_JAVA_8, renderNoMemory } from '../testing/crash.js';
import { causesOf } from '../testing/verdict.js';

describe('an hs_err file', () => {
  it('of a crash names the frame, the caller and the time', () => {
    const { diagnoses, unknown } = causesOf(CRASH, 'hs_err_pid21034.log');

    expect(diagnoses.map((item) => item.cause)).toEqual(['cluster.jvm-crash']);
    expect(unknown).toEqual([]);
    expect(diagnoses[0]).toMatchObject({
      firstSeen: '2026-03-02T10:15:01.000Z',
      values: {
        frame: 'C  [librocksdbjni-linux64.so+0x3d1e2f]  rocksdb::DBImpl::Get(rocksdb::ReadOptions const&)+0x11',
      },
    });
    expect(diagnoses[0]?.summary).toContain('librocksdbjni-linux64.so');
    expect(diagnoses[0]?.evidence[0]?.text).toMatch(
      /Problematic frame:[^]*Current thread[^]*Java_org_rocksdb_RocksDB_get[^]*RocksDBValueState\.value/,
    );
    expect(diagnoses[0]?.evidence[0]?.text).not.toContain('NoSuchMethodError');
  });

  it.each([
    [
      'memory.host-exhausted',
      'Native memory allocation (mmap) failed to map 246939648 bytes for committing reserved memory.',
    ],
    [
      'memory.host-exhausted',
      'Native memory allocation (malloc) failed to allocate 32744 bytes for ChunkPool::allocate',
    ],
    ['deploy.container-runtime', 'Cannot create GC thread. Out of system resources.'],
  ])('of a JVM without memory is %s: %s', (cause, words) => {
    expect(causesOf(renderNoMemory(words), 'hs_err_pid21034.log').diagnoses[0]?.cause).toBe(cause);
  });

  it('of Java 8 has its time at its end', () => {
    expect(causesOf(CRASH_OF_JAVA_8, 'hs_err_pid21034.log').diagnoses[0]?.firstSeen).toBe('2026-03-12T10:15:01.000Z');
  });
});
