// Starts a real PostgreSQL (Debian's) with a separate data folder and port: one database, and one user who may do
// everything there and who needs a password over TCP. It refuses to run as root; then the system user of the parts runs
// it. psql writes and reads the rows.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chownAll, openPath, requireUser, type SystemUser } from '../owner.js';
import { getPart } from '../parts.js';
import { findFreePorts, runCommand, type CommandOptions } from '../process.js';
import { makeFolder, startServer, type PartServer, type ServerStart } from '../server.js';
import { PartError } from '../tools.js';

export interface PostgresOptions extends ServerStart {
  /** Settings as on the command line (-c), e.g. {'max_connections': '5'}. */
  settings?: Readonly<Record<string, string>>;
}

export interface Postgres extends PartServer {
  /** JDBC address, "jdbc:postgresql://localhost:port/shop". */
  jdbcUrl: string;
  port: number;
  user: string;
  password: string;
  /** Runs statements and returns the rows as "a|b"; throws the first error of the server. */
  sql(text: string): Promise<string>;
}

const [DATABASE, USER, PASSWORD] = ['shop', 'shop', 'shop-secret'];

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  await getPart('postgres');
  const bin = findBinaries();
  const owner = process.getuid?.() === 0 ? await requireUser() : undefined;
  const dir = makeFolder('postgres', options);
  const [port = 0] = await findFreePorts(1);
  const as: CommandOptions = { cwd: dir, user: owner };
  await createData(bin, dir, owner, as);
  const connect = ['-h', dir, '-p', String(port), '-U', USER];
  const settings = {
    unix_socket_directories: dir,
    listen_addresses: 'localhost',
    fsync: 'off',
    shared_buffers: '16MB',
    ...options.settings,
  };
  const server = await startServer(
    {
      name: 'postgres',
      address: `localhost:${port}`,
      command: [
        join(bin, 'postgres'),
        '-D',
        join(dir, 'data'),
        '-p',
        String(port),
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      stopSignal: 'SIGINT', // SIGTERM waits until every client has disconnected
      isReady: async () =>
        (await runCommand(join(bin, 'pg_isready'), connect, as)).code === 0 || 'it takes no connections',
      user: owner,
    },
    dir,
    options,
  );
  const sql = async (text: string, database = DATABASE): Promise<string> => {
    const ended = await runCommand(
      join(bin, 'psql'),
      [...connect, '-d', database, '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
      { ...as, input: text, timeoutMs: 60_000 },
    );
    if (ended.code !== 0) throw new Error(`PostgreSQL refused: ${ended.stderr.trim()}`);
    return ended.stdout.trim();
  };
  if ((await sql(`SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`, 'postgres')) === '')
    await sql(`CREATE DATABASE ${DATABASE}`, 'postgres');
  return Object.assign(server, {
    jdbcUrl: `jdbc:postgresql://localhost:${port}/${DATABASE}`,
    port,
    user: USER,
    password: PASSWORD,
    sql: (text: string) => sql(text),
  });
}

/** Finds the programs of the newest version. Debian separates servers by version and keeps them out of the PATH. */
function findBinaries(): string {
  const versions = '/usr/lib/postgresql';
  const newest = (existsSync(versions) ? readdirSync(versions) : [])
    .map(Number)
    .filter((version) => existsSync(join(versions, String(version), 'bin', 'postgres')))
    .sort((a, b) => b - a)[0];
  if (newest === undefined)
    throw new PartError(
      'PostgreSQL has no server.',
      `there is no bin/postgres below ${versions}`,
      'install the Debian package postgresql',
    );
  return join(versions, String(newest), 'bin');
}

async function createData(bin: string, dir: string, owner: SystemUser | undefined, as: CommandOptions): Promise<void> {
  const data = join(dir, 'data');
  if (existsSync(data)) return;
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(dir, 'password'), PASSWORD);
  if (owner !== undefined) {
    chownAll(dir, owner);
    openPath(dir);
  }
  const ended = await runCommand(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      USER,
      '--pwfile',
      join(dir, 'password'),
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    as,
  );
  if (ended.code !== 0)
    throw new PartError(
      'PostgreSQL cannot make its data folder.',
      ended.stderr.trim(),
      `see that the user who runs it may enter ${dir}`,
    );
}
