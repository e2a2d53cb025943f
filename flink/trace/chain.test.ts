import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { chainTypes, findThrower, firstUserFrame, ownerOfFrames, parseChain, root } from './chain.js';
import { findPackage } from './packages.js';
import { fingerprint } from './fingerprint.js';

const CODE = loadCatalog().engine.code;

const CHECKPOINT = `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
	at org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:219) ~[flink-dist-1.20.5.jar:1.20.5]
	Suppressed: java.io.IOException: close failed
		at com.example.Pool.close(Pool.java:9) ~[job.jar:?]
	Caused by: java.lang.IllegalStateException: pool gone
		... 1 more
Caused by: java.lang.RuntimeException: Error while
 processing "x"
	at org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38) ~[flink-dist-1.20.5.jar:1.20.5]
	... 13 more
Caused by: java.lang.NullPointerException
	at java.base/java.util.Objects.requireNonNull(Objects.java:233) ~[?:?]
	at com.example.Enrich.lambda$map$3(Enrich.java:41) ~[job.jar:?]
	at com.example.Enrich.map(Enrich.java:20) ~[job.jar:?]
	... 14 more`;

describe('parseChain', () => {
  it.each([
    [
      'the line of Py4J before it was cut off',
      'An error occurred while calling o8.execute.\n: a.b.CException: x\n\tat a.b.C.d(C.java:1)',
    ],
    ['Markdown made it bold', '**a.b.CException**: x\n\tat a.b.C.d(C.java:1)'],
    ['a JSON text begins with its quotation mark', '"a.b.CException: x\\n\\tat a.b.C.d(C.java:1)'],
  ])('finds an exception although %s', (_, text) => {
    expect(parseChain(text)).toMatchObject([{ type: 'a.b.CException', message: 'x' }]);
  });

  it('knows a class that somebody wrote without its package, and no other word before a colon', () => {
    expect(parseChain('NoResourceAvailableException: Could not acquire the minimum required resources.')).toMatchObject(
      [{ type: 'NoResourceAvailableException', message: 'Could not acquire the minimum required resources.' }],
    );
    expect(parseChain('Error: no such job')).toEqual([]);
    expect(parseChain('lastException: none')).toEqual([]);
  });

  it('reads causes, suppressed ones and what they caused, and frames without their jars', () => {
    const links = parseChain(CHECKPOINT);

    expect(links.map(({ type, relation, message }) => [relation, type, message])).toEqual([
      ['outer', 'org.apache.flink.runtime.JobException', 'Recovery is suppressed by NoRestartBackoffTimeStrategy'],
      ['suppressed', 'java.io.IOException', 'close failed'],
      ['suppressed', 'java.lang.IllegalStateException', 'pool gone'],
      ['cause', 'java.lang.RuntimeException', 'Error while\nprocessing "x"'],
      ['cause', 'java.lang.NullPointerException', ''],
    ]);
    expect(links[4]?.frames).toEqual([
      'java.base/java.util.Objects.requireNonNull(Objects.java:233)',
      'com.example.Enrich.lambda$map$3(Enrich.java:41)',
      'com.example.Enrich.map(Enrich.java:20)',
    ]);
    expect(chainTypes(links)).toEqual([
      'org.apache.flink.runtime.JobException',
      'java.lang.RuntimeException',
      'java.lang.NullPointerException',
    ]);
  });

  it('reads frames that somebody cut off behind the method, and no words that begin like one', () => {
    expect(parseChain('a.b.CException: x\n\tat a.b.C.d\n\tat a.b.C$1.<init>')[0]?.frames).toEqual([
      'a.b.C.d',
      'a.b.C$1.<init>',
    ]);
    expect(parseChain('a.b.CException: x\nat db.shop.example')[0]?.frames).toEqual([]);
  });

  it('reads a traceback of Python, whose frames stand before the error, and what Java threw behind it', () => {
    const python =
      'Traceback (most recent call last):\n  File "/opt/job/main.py", line 9, in main\n    env.execute()\n  File "/usr/lib/python3.10/site-packages/pyflink/util/exceptions.py", line 146, in deco\n    return f(*a, **kw)\n';

    const [own] = parseChain(`${python}KeyError: 'TOPIC'`);
    const links = parseChain(
      `${python}py4j.protocol.Py4JJavaError: An error occurred while calling o8.execute.\n: a.b.CException: x\n\tat a.b.C.d(C.java:1)\nCaused by: java.lang.IllegalStateException: y\n\tat a.b.C.e(C.java:2)`,
    );

    expect(own).toEqual({
      type: 'KeyError',
      message: "'TOPIC'",
      relation: 'outer',
      frames: [
        'python.deco(/usr/lib/python3.10/site-packages/pyflink/util/exceptions.py:146)',
        'main(/opt/job/main.py:9)',
      ],
    });
    expect(own === undefined ? '' : ownerOfFrames([own], CODE)).toBe('user-code');
    expect(chainTypes(links)).toEqual([
      'py4j.protocol.Py4JJavaError',
      'a.b.CException',
      'java.lang.IllegalStateException',
    ]);
  });

  it('takes no frame of an installed package for the program, where Python runs in the same process', () => {
    const thrown =
      "pemja.core.PythonException: <class 'KeyError'>: 'sku'\n\tat /opt/venv/lib/python3.10/site-packages/pyflink/fn_execution/embedded/operations.process_element(operations.py:91)\n\tat /opt/venv/lib/python3.10/site-packages/pemja/logger.emit(logger.py:51)";
    const java =
      '\n\tat pemja.core.object.PyIterator.next(Native Method)\n\tat org.apache.flink.streaming.api.operators.python.embedded.AbstractOneInputEmbeddedPythonFunctionOperator.processElement(AbstractOneInputEmbeddedPythonFunctionOperator.java:148)';

    expect(firstUserFrame(parseChain(thrown + java), CODE)).toBeUndefined();
    expect(ownerOfFrames(parseChain(thrown + java), CODE)).toBe('framework');
    expect(
      firstUserFrame(parseChain(`${thrown}\n\tat /opt/job/prices.process_element(prices.py:12)${java}`), CODE),
    ).toBe('/opt/job/prices.process_element(prices.py:12)');
  });

  it('reads the cause from the message of what wrapped it where it was cut off, and only there', () => {
    const cut =
      'java.util.concurrent.CompletionException: java.lang.RuntimeException: a.b.XException: c\n\tat a.b.C.d(C.java:1)';
    const whole = `${cut}\nCaused by: java.lang.RuntimeException: a.b.XException: c\nCaused by: a.b.XException: c\nCaused by: java.io.IOException: a.b.YException: d`;

    expect(chainTypes(parseChain(cut))).toEqual([
      'java.util.concurrent.CompletionException',
      'java.lang.RuntimeException',
      'a.b.XException',
    ]);
    expect(chainTypes(parseChain(whole))).toEqual([
      'java.util.concurrent.CompletionException',
      'java.lang.RuntimeException',
      'a.b.XException',
      'java.io.IOException',
      'a.b.YException',
    ]);
  });

  it.each<readonly [string, string, readonly string[]]>([
    [
      'time stamps in front of the lines',
      '2024-01-09T09:42:41.234+08:00 java.io.IOException: a\n2024-01-09T09:42:41.234+08:00 \tat a.b.C.d(C.java:1)\n2024-01-09T09:42:41.234+08:00 Caused by: a.b.XException: c',
      ['java.io.IOException', 'a.b.XException'],
    ],
    [
      'levels in front of the lines',
      '[error] java.io.IOException: a\n[error] \tat a.b.C.d(C.java:1)\n[error] Caused by: a.b.XException: c',
      ['java.io.IOException', 'a.b.XException'],
    ],
    [
      'names of containers in front of the lines',
      'jobmanager_1  | java.io.IOException: a\njobmanager_1  |      at a.b.C.d(C.java:1)\njobmanager_1  | Caused by: a.b.XException: c',
      ['java.io.IOException', 'a.b.XException'],
    ],
    [
      'no indentation',
      'java.io.IOException: a\nat a.b.C.d(C.java:1)\nCaused by: a.b.XException: c\nat a.b.C.e(C.java:2)',
      ['java.io.IOException', 'a.b.XException'],
    ],
    ['a missing beginning', '\tat a.b.C.d(C.java:1)\n\t... 3 more\nCaused by: a.b.XException: c', ['a.b.XException']],
    [
      'a JSON text',
      '{"errors":["x","<Exception on server side:\\norg.a.BException: b\\n\\tat a.b.C.d(C.java:1)\\nCaused by: a.b.XException: c\\n\\tat a.b.C.e(C.java:2)\\nEnd of exception on server side>"]}',
      ['org.a.BException', 'a.b.XException'],
    ],
    [
      'a trace inside a message',
      'a.b.RestException: [Internal server error., <Exception on server side:\norg.a.BException: b\n\tat a.b.C.d(C.java:1)\nCaused by: a.b.XException: c\n\tat a.b.C.e(C.java:2)\n\nEnd of exception on server side>]\n\tat a.b.Rest.call(Rest.java:1)',
      ['a.b.RestException', 'org.a.BException', 'a.b.XException'],
    ],
    [
      'braces of an asynchronous exception',
      'org.apache.flink.runtime.taskmanager.AsynchronousException: Caught\n\tat a.b.C.d(C.java:1)\nCaused by: org.apache.flink.streaming.runtime.tasks.TimerException{java.lang.ArithmeticException: / by zero}\n\tat a.b.C.e(C.java:2)',
      [
        'org.apache.flink.runtime.taskmanager.AsynchronousException',
        'org.apache.flink.streaming.runtime.tasks.TimerException',
        'java.lang.ArithmeticException',
      ],
    ],
    [
      'a serialized exception that names its class',
      'Caused by: org.apache.flink.util.SerializedThrowable: java.io.IOException: Size of the state is larger',
      ['java.io.IOException'],
    ],
    [
      'a serialized exception that lost it',
      'Caused by: org.apache.flink.util.SerializedThrowable: Task rejected from pool',
      ['org.apache.flink.util.SerializedThrowable'],
    ],
    [
      'an end before the last causes',
      'java.util.concurrent.CompletionException: java.util.concurrent.ExecutionException: a.b.XException: c\n\tat a.b.C.d(C.java:1)',
      ['java.util.concurrent.CompletionException', 'java.util.concurrent.ExecutionException', 'a.b.XException'],
    ],
    [
      'a program that threw, without its cause',
      'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: No data\n\tat a.b.C.d(C.java:1)',
      ['org.apache.flink.client.program.ProgramInvocationException', 'org.apache.flink.util.SerializedThrowable'],
    ],
    [
      'what Beam told its Python client',
      'Traceback (most recent call last):\n  File "/opt/job/main.py", line 9, in main\n    run()\nRuntimeError: Pipeline orders-1 failed in state FAILED: a.b.XException: c',
      ['RuntimeError', 'a.b.XException'],
    ],
    [
      'a program that threw what it names',
      'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: a.b.XException: c',
      ['org.apache.flink.client.program.ProgramInvocationException', 'a.b.XException'],
    ],
    [
      'a program that threw, with its cause',
      'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: c\nCaused by: a.b.XException: c',
      ['org.apache.flink.client.program.ProgramInvocationException', 'a.b.XException'],
    ],
    [
      'a cause that is named and follows',
      'java.io.IOException: a.b.XException: c\n\tSuppressed: a.b.YException: d\nCaused by: a.b.XException: c',
      ['java.io.IOException', 'a.b.XException'],
    ],
    [
      'a gap between the causes',
      'java.lang.RuntimeException: a\nCaused by: java.util.concurrent.ExecutionException: a.b.XException: c\nCaused by: a.b.YException: d',
      ['java.lang.RuntimeException', 'java.util.concurrent.ExecutionException', 'a.b.XException', 'a.b.YException'],
    ],
    [
      'the class of a remote exception',
      'org.apache.hadoop.ipc.RemoteException(org.apache.hadoop.ipc.StandbyException): c\n\tat a.b.C.d(C.java:1)',
      ['org.apache.hadoop.ipc.RemoteException', 'org.apache.hadoop.ipc.StandbyException'],
    ],
    [
      'the end of a cycle',
      'a.b.XException: c\n\tat a.b.C.d(C.java:1)\nCaused by: [CIRCULAR REFERENCE: a.b.XException: c]',
      ['a.b.XException'],
    ],
    [
      'the root first',
      'java.io.IOException: root\n\tat a.b.C.d(C.java:1)\nWrapped by: a.b.XException: outer\n\t... 3 common frames omitted',
      ['a.b.XException', 'java.io.IOException'],
    ],
    [
      'an uncaught exception',
      'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat a.b.C.d(C.java:1)',
      ['java.lang.OutOfMemoryError'],
    ],
  ])('reads a trace with %s', (_name, text, types) => {
    expect(chainTypes(parseChain(text))).toEqual(types);
  });

  it('leaves out the cause of which a paste holds no whole name', () => {
    for (const end of ['Caused by:', 'Caused by: org.apache.fli'])
      expect(chainTypes(parseChain(`a.b.CException: x\n\tat a.b.C.d(C.java:1)\n${end}`))).toEqual(['a.b.CException']);
    expect(chainTypes(parseChain('a.b.CException: x\n\tat a.b.C.d(C.java:1)\nCaused by: a.b.DException'))).toEqual([
      'a.b.CException',
      'a.b.DException',
    ]);
  });

  it('finds none in ordinary text', () => {
    expect(
      parseChain('Checkpoint storage is set to org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage'),
    ).toEqual([]);
  });
});

describe('root', () => {
  it('is the last cause, but an OutOfMemoryError wherever it stands', () => {
    expect(root(parseChain(CHECKPOINT))?.type).toBe('java.lang.NullPointerException');
    expect(
      root(parseChain('a.AException: x\nCaused by: java.lang.OutOfMemoryError: Metaspace\nCaused by: b.BException: y'))
        ?.message,
    ).toBe('Metaspace');
    expect(root([])).toBeUndefined();
  });
});

describe('firstUserFrame and ownerOfFrames', () => {
  const owner = (...frames: string[]) =>
    ownerOfFrames(
      parseChain(['java.lang.RuntimeException: x', ...frames.map((frame) => `\tat ${frame}`)].join('\n')),
      CODE,
    );

  it('looks through the JDK and Flink', () => {
    expect(firstUserFrame(parseChain(CHECKPOINT), CODE)).toBe('com.example.Enrich.lambda$map$3(Enrich.java:41)');
    expect(
      firstUserFrame(parseChain('java.lang.RuntimeException: x\n\tat org.apache.flink.A.b(A.java:1)'), CODE),
    ).toBeUndefined();
  });

  it('tells whose code threw', () => {
    expect(
      owner(
        'java.lang.Integer.parseInt(Integer.java:1)',
        'com.example.Job.map(Job.java:1)',
        'org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:1)',
      ),
    ).toBe('user-code');
    expect(
      owner(
        'org.apache.flink.util.Preconditions.checkNotNull(Preconditions.java:1)',
        'com.example.Job.map(Job.java:1)',
      ),
    ).toBe('user-code');
    expect(
      owner(
        'org.apache.kafka.clients.producer.KafkaProducer.send(KafkaProducer.java:1)',
        'com.example.Job.map(Job.java:1)',
      ),
    ).toBe('connector');
    expect(owner('org.apache.flink.streaming.connectors.kafka.FlinkKafkaConsumer.run(FlinkKafkaConsumer.java:1)')).toBe(
      'connector',
    );
    expect(owner('org.apache.flink.runtime.taskmanager.Task.run(Task.java:1)')).toBe('framework');
    expect(owner('com.mysql.cj.jdbc.ConnectionImpl.connect(ConnectionImpl.java:1)')).toBe('external');
    expect(
      owner('com.rabbitmq.client.impl.AMQChannel.ensureIsOpen(AMQChannel.java:1)', 'com.example.Job.map(Job.java:1)'),
    ).toBe('external');
    expect(
      owner(
        'co.elastic.clients.util.ApiTypeHelper.requireNonNull(ApiTypeHelper.java:1)',
        'com.example.Job.map(Job.java:1)',
      ),
    ).toBe('external');
    expect(
      owner('com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:1)', 'com.example.Job.map(Job.java:1)'),
    ).toBe('user-code');
    expect(ownerOfFrames([], CODE)).toBe('framework');
  });

  it('takes programs and libraries in a package of Flink for what they are', () => {
    expect(owner('org.apache.flink.quickstart.StreamingJob.main(StreamingJob.java:1)')).toBe('user-code');
    expect(
      owner(
        'org.apache.flink.streaming.siddhi.router.AddRouteOperator.processElement(AddRouteOperator.java:1)',
        'org.apache.flink.streaming.runtime.tasks.StreamTask.invoke(StreamTask.java:1)',
      ),
    ).toBe('user-code');
    expect(
      owner(
        'java.time.Duration.toNanos(Duration.java:1)',
        'org.apache.flink.api.common.time.Deadline.fromNow(Deadline.java:1)',
        'com.example.Job.main(Job.java:1)',
      ),
    ).toBe('user-code');
    expect(
      owner(
        'org.apache.flink.api.common.time.Deadline.fromNow(Deadline.java:1)',
        'org.apache.flink.runtime.taskmanager.Task.run(Task.java:1)',
      ),
    ).toBe('framework');
  });

  it('counts generated code as the author of the query, who has no frame to be shown', () => {
    const trace =
      'java.lang.NumberFormatException: null\n\tat org.apache.flink.table.data.binary.BinaryStringDataUtil.toInt(BinaryStringDataUtil.java:1)\n\tat StreamExecCalc$12.processElement(Unknown Source)\n\tat org.apache.flink.streaming.A.b(A.java:1)';

    expect(ownerOfFrames(parseChain(trace), CODE)).toBe('user-code');
    expect(firstUserFrame(parseChain(trace), CODE)).toBeUndefined();
    expect(root(parseChain(trace))?.message).toBe('');
  });

  it('is not misled by lambdas and modules', () => {
    expect(
      owner(
        'scala.PartialFunction$$Lambda$284/0x00007fec4f2b6768.apply(Unknown Source)',
        'app//com.example.Job.map(Job.java:1)',
      ),
    ).toBe('user-code');
    expect(owner('java.base/java.lang.Thread.run(Thread.java:1)')).toBe('framework');
  });
});

describe('a field of JSON without its braces', () => {
  it('gives its exception', () => {
    const whole = parseChain(
      '            "root-exception": "a.b.OuterException: text\\n\\tat a.b.C.m(C.java:1)\\nCaused by: a.b.InnerException: why\\n"',
    );
    const one = parseChain('  "message": "a.b.OuterException: text",');

    expect(whole.map(({ type, message }) => [type, message])).toEqual([
      ['a.b.OuterException', 'text'],
      ['a.b.InnerException', 'why'],
    ]);
    expect(one.map(({ type, message }) => [type, message])).toEqual([['a.b.OuterException', 'text']]);
  });
});

describe('fingerprint', () => {
  it('is the same for the same failure, however wrapped, numbered or placed', () => {
    const inner = CHECKPOINT.slice(CHECKPOINT.indexOf('java.lang.NullPointerException'));
    const other = CHECKPOINT.replaceAll(/:\d+\)/g, ':7)').replace('lambda$map$3', 'lambda$map$4');

    expect(fingerprint(parseChain(inner), '', CODE)).toBe(fingerprint(parseChain(CHECKPOINT), '', CODE));
    expect(fingerprint(parseChain(other), '', CODE)).toBe(fingerprint(parseChain(CHECKPOINT), '', CODE));
    expect(fingerprint(parseChain(CHECKPOINT.replace('Enrich.map', 'Enrich.open')), '', CODE)).not.toBe(
      fingerprint(parseChain(CHECKPOINT), '', CODE),
    );
  });

  it('looks at the words where there are no frames, without numbers, ids and hosts', () => {
    const print = (message: string) => fingerprint([], message, CODE);

    expect(print('Lost node-1.example.com:6123 after 30 s, id 0123456789abcdef0123456789abcdef')).toBe(
      print('Lost node-22.example.com:41 after 9 s, id fedcba9876543210fedcba9876543210'),
    );
    expect(print('Lost a node')).not.toBe(print('Found a node'));
  });
});

describe('isWrapper', () => {
  it('knows classes that only carry a cause', () => {
    expect(CODE.isWrapper('java.util.concurrent.CompletionException')).toBe(true);
    expect(CODE.isWrapper('org.apache.flink.runtime.JobException')).toBe(true);
    expect(CODE.isWrapper('java.io.IOException')).toBe(false);
  });
});

describe('findThrower', () => {
  const thrower = (...lines: string[]) => findThrower(parseChain(lines.join('\n')), CODE);
  const MAP = '\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)';

  it('takes what the function of the job calls for a library, although no table knows it', () => {
    const trace = [
      'net.acmecache.CacheException: no answer',
      '\tat net.acmecache.Pipeline.await(Pipeline.java:210)',
      '\tat com.acme.common.Caches.get(Caches.java:7)',
      '\tat com.acme.billing.Enrich.map(Enrich.java:31)',
      MAP,
    ];
    expect(thrower(...trace)).toEqual({ owner: 'library', frame: 'net.acmecache.Pipeline.await(Pipeline.java:210)' });
    expect(firstUserFrame(parseChain(trace.join('\n')), CODE)).toBe('com.acme.common.Caches.get(Caches.java:7)');
  });

  it('knows the function by the frames that a cause shares with the exception around it', () => {
    expect(
      thrower(
        'java.lang.RuntimeException: enrich',
        '\tat com.acme.billing.Enrich.map(Enrich.java:33)',
        MAP,
        'Caused by: net.acmecache.CacheException: no answer',
        '\tat net.acmecache.Pipeline.await(Pipeline.java:210)',
        '\tat com.acme.billing.Enrich.map(Enrich.java:31)',
        '\t... 1 more',
      ).owner,
    ).toBe('library');
  });

  it('takes unknown code for the own code where no call by Flink is shown', () => {
    expect(
      thrower('a.b.CException: x', '\tat org.acmelib.A.b(A.java:1)', '\tat com.acme.Job.map(Job.java:1)').owner,
    ).toBe('user-code');
    expect(thrower('java.lang.IllegalStateException: x', '\tat com.acme.Job.map(Job.java:1)', MAP).owner).toBe(
      'user-code',
    );
  });

  it('names a client of the table, and no library that only reads a value', () => {
    const of = (frame: string) => thrower('x.YException: x', `\tat ${frame}`, '\tat com.acme.Job.map(Job.java:1)', MAP);
    expect(of('okhttp3.RealCall.execute(RealCall.java:1)').owner).toBe('library');
    expect(of('com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:1)').owner).toBe('library');
    expect(of('com.google.common.base.Preconditions.checkNotNull(Preconditions.java:1)').owner).toBe('user-code');
  });
});

describe('findPackage', () => {
  it.each([
    ['com.acme.billing.Enrich$1.map(Enrich.java:31)', 'com.acme'],
    ['app//io.github.acme.retry.Retry.call(Retry.java:1)', 'io.github.acme'],
    ['acme.Job.main(Job.java:1)', 'acme'],
    ['Job$Read.flatMap(Job.java:1)', 'Job'],
  ])('%s', (frame, name) => expect(findPackage(frame)).toBe(name));
});
