import { readFileSync } from 'node:fs';
import { startFlink } from './flink.js';
import { startZookeeper } from './zookeeper.js';
for (const version of ['1.13', '1.17', '1.20', '2.3'] as const) {
  const t = Date.now();
  const cluster = await startFlink({ version, taskManagers: 1, application: { jars: ['/tmp/pt/app/job.jar'], mainClass: 'Job13', args: ['hello'] } });
  console.log(version, cluster.jobManager.logFile, JSON.stringify(await cluster.jobs()), cluster.restUrl, Date.now() - t);
  await cluster.stop();
}
{
  const sql = await startFlink({ version: '1.13', taskManagers: 1 });
  console.log('1.13 sql', await sql.runSql('SELECT * FROM nowhere;\n'));
  await sql.stop();
}
const zk = await startZookeeper();
for (const version of ['1.13', '2.3'] as const) {
  const cluster = await startFlink({ version, taskManagers: 1, zookeeper: zk.connect });
  const standby = await cluster.startJobManager();
  console.log(version, cluster.restUrl, standby.logFile, cluster.jobManagers.length, await cluster.rest('/overview'));
  cluster.jobManagers[0]?.signal('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 25000));
  console.log(readFileSync(standby.logFile, 'utf8').match(/.*granted leadership.*/g));
  console.log(await cluster.rest('/taskmanagers'));
  await cluster.stop();
}
await zk.stop();
{
  const cluster = await startFlink({ version: '1.17', java: 17, jobManager: false, taskManagers: 0 });
  const died = await cluster.startJobManager({}, { fails: true });
  console.log(died.terminal, readFileSync(died.logFile, 'utf8').match(/.*(IllegalAccess|InaccessibleObject).*/g)?.slice(0, 3), readFileSync(died.outFile, 'utf8').slice(0, 500));
  await cluster.stop();
}
