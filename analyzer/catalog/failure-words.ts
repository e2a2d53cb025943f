// Texts without which an entry is no failure: the scan looks for them in the same pass as for the anchors of the rules.
// Data for catalog.ts and for entry/failure.ts.

/** Words of a message that a process writes when it dies or does not start. */
export const PROCESS_WORDS = [
  'produced an uncaught exception. Stopping the process',
  'Fatal error occurred',
  'Could not start cluster entrypoint',
  'Could not start the TaskManager',
  'Could not create application program',
  'TaskManager initialization failed',
  'Cluster initialization failed',
  'Failed to run the TaskManager',
  'Application failed unexpectedly',
  'Application FAILED',
  'Terminating TaskManagerRunner with exit code 1',
  'A fatal error has been detected by the Java Runtime Environment',
  'Unhandled error in curator framework',
] as const;

/** Words of a client that could not run or submit a program. */
export const CLIENT_WORDS = [
  'Error while running the ',
  'Fatal error while running command line interface',
  'The program finished with the following exception',
  'Could not execute SQL statement',
  'Failed to execute the operation ',
  'Could not submit job',
  'Failed to submit job ',
  'Could not execute application',
  'Exception in thread "main"',
] as const;

/** What the JVM throws, often without a message behind the class. */
const JVM_ERRORS = [
  'StackOverflowError',
  'AssertionError',
  'OutOfMemoryError',
  'NoClassDefFoundError',
  'NoSuchMethodError',
  'NoSuchFieldError',
  'AbstractMethodError',
  'IncompatibleClassChangeError',
  'UnsupportedClassVersionError',
  'UnsatisfiedLinkError',
  'java.lang.VerifyError',
  'IllegalAccessError',
  'java.lang.LinkageError',
  'java.lang.InternalError',
] as const;

/** An entry without any of these is no failure; found in the pass over its bytes. */
export const FAILURE_ANCHORS = [
  ' FAILED',
  'FAILING',
  'RESTARTING',
  'Exception',
  'Error: ',
  ...JVM_ERRORS,
  'Caused by:',
  'Traceback (most recent call last)',
  ...PROCESS_WORDS,
  ...CLIENT_WORDS,
] as const;
