import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { startAlertmanager } from './alertmanager.js';
import { describeWithParts } from '../testing/describe-part.js';
import { isAlive } from '../process.js';

describeWithParts(['alertmanager'], 'startAlertmanager', () => {
  it('sends a posted alert to the webhook of its configuration', async () => {
    const received: string[] = [];
    const recorder = createServer((request, response) => {
      request
        .setEncoding('utf8')
        .on('data', (text: string) => received.push(text))
        .on('end', () => response.end());
    });
    await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
    const address = recorder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const manager = await startAlertmanager({
      config: `route: {receiver: hook, group_wait: 0s}\nreceivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:${port}/"}]}]\n`,
    });

    await fetch(`${manager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ labels: { alertname: 'JobFailed' } }]),
    });

    await expect.poll(() => received.join(''), { timeout: 10_000 }).toContain('"alertname":"JobFailed"');
    await manager.stop();
    recorder.close();
    expect(isAlive(manager.pid)).toBe(false);
  });

  it('says why it does not start', async () => {
    await expect(startAlertmanager({ config: 'route: {}\n' })).rejects.toThrow(
      /died while starting[^]*no receivers|receiver/i,
    );
  });
});
