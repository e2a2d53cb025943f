// Sample logs for tests: two jobs of a session cluster with a task of the same name on one TaskManager. Used to test
// which job a line belongs to, and which cause is first.
import type { Incident } from '../../core/documents/incident.js';
import { JOB_A, JOB_B } from './samples.js';

export const JM = 'log/flink-flink-standalonesession-0-node-1.log';
export const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const GRAPH = 'ExecutionGraph';
export const [attemptA, attemptB] = [
  '11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0',
  '22222222222222222222222222222222_90bea66de1c231edf33913ecd54406c1_0_0',
];

/** Returns the rules of an incident in their order; rules of symptoms begin with a dash. */
export function listRules(incident: Incident | undefined): readonly string[] {
  return incident?.diagnoses.en.map((diagnosis) => `${diagnosis.symptom ? '- ' : ''}${diagnosis.rule}`) ?? [];
}

/**
 * Returns the JobManager's lines of two jobs with a task of the same name on one TaskManager. The TaskManager's lines
 * about these tasks name no job.
 */
export function startTwoJobs(): readonly string[] {
  return [
    `10:00:00 INFO org.apache.flink.runtime.jobmaster.JobMaster - Initializing job 'orders' (${JOB_A}).`,
    `10:00:00 INFO org.apache.flink.runtime.jobmaster.JobMaster - Initializing job 'invoices' (${JOB_B}).`,
    `10:00:01 INFO ${GRAPH} - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
    `10:00:01 INFO ${GRAPH} - Job invoices (${JOB_B}) switched from state CREATED to RUNNING.`,
    `10:00:01 INFO ${GRAPH} - Deploying Map (1/1) (attempt #0) with attempt id ${attemptA} and vertex id 90bea66de1c231edf33913ecd54406c1_0 to tm-1:40000-aaaaaa @ node-1 (dataPort=41027) with allocation id 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a`,
    `10:00:01 INFO ${GRAPH} - Deploying Map (1/1) (attempt #0) with attempt id ${attemptB} and vertex id 90bea66de1c231edf33913ecd54406c1_0 to tm-1:40000-aaaaaa @ node-1 (dataPort=41027) with allocation id 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b`,
  ].map((line) => line.replaceAll('ExecutionGraph', 'org.apache.flink.runtime.executiongraph.ExecutionGraph'));
}

export const TM_START = [
  '10:00:00 INFO org.apache.flink.runtime.taskexecutor.TaskManagerRunner - Starting TaskManager with ResourceID: tm-1:40000-aaaaaa',
  `10:00:01 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Receive slot request 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a for job ${JOB_A} from resource manager with leader id 00000000000000000000000000000000.`,
  `10:00:01 INFO org.apache.flink.runtime.taskexecutor.TaskExecutor - Receive slot request 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b for job ${JOB_B} from resource manager with leader id 00000000000000000000000000000000.`,
];
