import { describe, expect, it } from 'vitest';
import { loadCatalog } from './catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { makeLog, readRecording } from '../testing/samples.js';

const catalog = loadCatalog();

describe('options of a TaskManager', () => {
  it('are what its owner set, not the sizes that the start script computed and handed over', () => {
    const [incident] = diagnose(
      readRecording('lab/recordings/network.insufficient-buffers/total/1.20.5/flink-flink-taskexecutor-0-node-1.log'),
      catalog,
    );

    expect(incident?.diagnoses.en[0]?.fixes[0]?.patch).toMatchObject({
      'taskmanager.memory.network.min': expect.stringMatching(/^\d+m$/),
      'taskmanager.memory.process.size': expect.stringMatching(/^\d+m$/),
    });
  });

  it('on the command line count when they are no computed sizes', () => {
    const patchWith = (dynamic: string): Readonly<Record<string, string>> | undefined =>
      diagnose(
        makeLog('taskmanager.log', [
          '10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner -  Starting TaskManager (Version: 1.20.1, Scala: 2.12, Rev:2b6fd4d, Date:2025-02-05T20:32:14+01:00)',
          '10:00:00 INFO org.apache.flink.configuration.GlobalConfiguration - Loading configuration property: taskmanager.memory.process.size, 2g',
          `10:00:00 INFO org.apache.flink.configuration.GlobalConfiguration - Loading dynamic configuration property: taskmanager.memory.network.max, ${dynamic}`,
          '10:00:05 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/4)#0 (aa11aa11aa11aa11aa11aa11aa11aa11) switched from RUNNING to FAILED with failure cause:',
          'java.io.IOException: Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 5078 of 32768 bytes each. You can increase this number',
          '\tat org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.internalCreateBufferPool(NetworkBufferPool.java:505)',
        ]),
        catalog,
      )[0]?.diagnoses.en[0]?.fixes[0]?.patch;

    expect(patchWith('96mb')).toHaveProperty(['taskmanager.memory.network.max']);
    expect(patchWith('166429982b')).not.toHaveProperty(['taskmanager.memory.network.max']);
  });
});
