import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { findProblemKind } from './problem-kind.js';

const { engine } = loadCatalog();

function complain(...chain: readonly string[]): string | undefined {
  return findProblemKind(
    chain.map((line) => ({ type: line.split(': ')[0] ?? '', message: line.split(': ').slice(1).join(': ') })),
    engine,
  );
}

describe('findProblemKind', () => {
  it.each([
    ["java.sql.SQLException: Access denied for user 'flink'@'10.0.0.7' (using password: YES)", 'denied'],
    ['javax.net.ssl.SSLHandshakeException: PKIX path building failed', 'denied'],
    ['com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure', 'unreachable'],
    ['java.io.IOException: Connection reset by peer', 'unreachable'],
    ["java.sql.SQLSyntaxErrorException: Table 'shop.orders' doesn't exist", 'missing'],
    ['org.apache.iceberg.exceptions.NotFoundException: Failed to open input stream for file', 'missing'],
    ['org.apache.iceberg.exceptions.AlreadyExistsException: Table was created concurrently', 'existing'],
    ['org.apache.iceberg.exceptions.CommitFailedException: Requirement failed: branch main has changed', 'conflict'],
    ['java.lang.UnsupportedOperationException: Cannot read a table with deletion vectors', 'unsupported'],
    ['com.amazonaws.AmazonServiceException: Rate exceeded', 'limit'],
    ['java.lang.ClassCastException: class java.lang.Long cannot be cast to class java.lang.Integer', 'unfit'],
    ['java.lang.NullPointerException: ', 'defect'],
    ['java.util.NoSuchElementException: No value present', 'defect'],
    ['java.lang.IllegalStateException: ', 'defect'],
    ['java.lang.NoSuchFieldException: runtimeContext', 'defect'],
  ])('%s: %s', (line, complaint) => expect(complain(line)).toBe(complaint));

  it('asks the exceptions around a root that says nothing', () => {
    expect(
      complain('java.io.IOException: Connection refused by the store', 'java.lang.RuntimeException: Writing failed.'),
    ).toBe('unreachable');
    expect(complain('java.io.IOException: Connection refused by the store', 'java.lang.NullPointerException: ')).toBe(
      'defect',
    );
  });

  it('knows when nothing says anything', () => {
    expect(complain('java.lang.RuntimeException: Writing failed.')).toBeUndefined();
    // Kafka Connect uses this class for every failure of a source.
    expect(
      complain('org.apache.kafka.connect.errors.ConnectException: Error configuring an instance of MySqlConnectorTask'),
    ).toBeUndefined();
    expect(findProblemKind([], engine)).toBeUndefined();
  });
});
