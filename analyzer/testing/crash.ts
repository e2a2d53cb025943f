// Samples for tests: shortened reports that a JVM writes when it crashes or gets no memory from the system. Their
// sections are in the original order.
const REST = `
---------------  S U M M A R Y ------------

Command Line: -Xmx697932173 org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir /opt/flink/conf

Host: 8 cores, 15G, Debian GNU/Linux 11 (bullseye)
Time: Mon Mar  2 10:15:01 2026 CET elapsed time: 811.204332 seconds (0d 0h 13m 31s)

---------------  T H R E A D  ---------------

Current thread (0x00007f2a1c0d9e8f):  JavaThread "enrich (1/2)#0" [_thread_in_native, id=21077, stack(0x00007f29d4c2e000,0x00007f29d4d2f000)]

Stack: [0x00007f29d4c2e000,0x00007f29d4d2f000],  sp=0x00007f29d4d2d6c0,  free space=1021k
Native frames: (J=compiled Java code, j=interpreted, Vv=VM code, C=native code)
C  [librocksdbjni-linux64.so+0x3d1e2f]  rocksdb::DBImpl::Get(rocksdb::ReadOptions const&)+0x11
C  [librocksdbjni-linux64.so+0x21a0c4]  Java_org_rocksdb_RocksDB_get+0x84

Java frames: (J=compiled Java code, j=interpreted, Vv=VM code)
J 3813  org.rocksdb.RocksDB.get(JJ[BIIJ)[B (0 bytes)
j  org.apache.flink.contrib.streaming.state.RocksDBValueState.value()Ljava/lang/Object;+14

siginfo: si_signo: 11 (SIGSEGV), si_code: 1 (SEGV_MAPERR), si_addr: 0x0000000000000048

---------------  P R O C E S S  ---------------

Internal exceptions (2 events):
Event: 0.511 Thread 0x00007f29e4017000 Exception <a 'java/lang/NoSuchMethodError'{0x00000000ecc26b98}>: static Ljava/lang/Object;
Event: 9.102 Thread 0x00007f29e4017000 Exception <a 'java/lang/OutOfMemoryError'{0x00000000ecc26b98}>: Java heap space

Memory: 4k page, physical 16265160k(131580k free), swap 0k(0k free)
`;

export const CRASH = `#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f2a1c0d9e8f, pid=21034, tid=21077
#
# JRE version: OpenJDK Runtime Environment (11.0.20+8) (build 11.0.20+8)
# Java VM: OpenJDK 64-Bit Server VM (11.0.20+8, mixed mode, tiered, compressed oops, g1 gc, linux-amd64)
# Problematic frame:
# C  [librocksdbjni-linux64.so+0x3d1e2f]  rocksdb::DBImpl::Get(rocksdb::ReadOptions const&)+0x11
#
# No core dump will be written. Core dumps have been disabled.
#
${REST}`;

export function renderNoMemory(words: string): string {
  return `#
# There is insufficient memory for the Java Runtime Environment to continue.
# ${words}
# Possible reasons:
#   The system is out of physical RAM or swap space
#   The process is running with CompressedOops enabled, and the Java Heap may be blocking the growth of the native heap
# Possible solutions:
#   Reduce memory load on the system
# This output file may be truncated or incomplete.
#
#  Out of Memory Error (os_linux.cpp:2760), pid=21034, tid=21077
#
${REST}`;
}

/** Crash report of Java 8, which writes the time at the end. */
export const CRASH_OF_JAVA_8 = CRASH.replace(/Time: .*\n/, '').concat(
  '\nvm_info: OpenJDK 64-Bit Server VM (25.372-b07)\n\ntime: Thu Mar 12 10:15:01 2026\ntimezone: CET\nelapsed time: 811.204332 seconds (0d 0h 13m 31s)\n',
);
