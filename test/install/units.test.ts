// Tests the systemd units (docker/systemd/): systemd itself checks whether they are valid and how little they expose,
// and each starts a command that exists. systemd does not run here, so nothing is started.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/main.js';
import { PACKAGE_ROOT } from '../../cli/version.js';
import { SETTINGS } from '../../core/config/settings.js';

const UNITS = join(PACKAGE_ROOT, 'docker', 'systemd');
const names = readdirSync(UNITS).filter((name) => name.endsWith('.service'));
/** Highest allowed exposure, of ten; Debian's own nginx has 9.6. */
const MAX_EXPOSED = 2;
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd && process.env['CI'] === 'true') throw new Error('systemd-analyze is missing: install systemd.');
if (!hasSystemd) console.warn('SKIPPED: the units of systemd: systemd-analyze is missing');

function readUnit(name: string): string {
  return readFileSync(join(UNITS, name), 'utf8');
}

describe('the units', () => {
  it.each(names)('%s starts a command of ours, under variables that mean something', (name) => {
    const unit = readUnit(name);
    const [, command] = /^ExecStart=jobtrace (\w+)$/m.exec(unit) ?? [];
    const variables = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, variable]) => variable);

    expect(COMMANDS.map((item) => item.name)).toContain(command);
    expect(['JOBTRACE_CONFIG', ...SETTINGS.map((row) => ('env' in row ? row.env : ''))]).toEqual(
      expect.arrayContaining(variables),
    );
  });

  describe.skipIf(!hasSystemd)('for systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobtrace-units-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /**
     * Runs systemd-analyze on the units, with another program in place of ours, because ours is not in systemd's path
     * on this machine.
     */
    function analyze(verb: readonly string[], text = ''): { readonly status: number | null; readonly said: string } {
      const paths = names.map((name) => {
        const path = join(folder, name);
        writeFileSync(path, readUnit(name).replace('ExecStart=jobtrace', 'ExecStart=/bin/true') + text);
        return path;
      });
      const { status, stdout, stderr } = spawnSync('systemd-analyze', [...verb, ...paths], { encoding: 'utf8' });
      return { status, said: `${stdout}${stderr}` };
    }

    it('are valid', () => {
      expect(analyze(['verify'])).toEqual({ status: 0, said: '' });
      expect(analyze(['verify'], '\n[Service]\nProtectSystm=strict\n').said).toContain('ProtectSystm');
    });

    it('expose little', () => {
      const threshold = ['security', '--offline=true', `--threshold=${MAX_EXPOSED * 10}`, '--no-pager'];

      expect(analyze(threshold)).toMatchObject({ status: 0 });
      expect(analyze(threshold, '\n[Service]\nSystemCallFilter=\nProtectSystem=no\n').status).not.toBe(0);
    });

    it('run as a user that systemd makes', () => {
      const root = join(folder, 'root');
      for (const path of ['etc', 'run']) mkdirSync(join(root, path), { recursive: true });
      const args = [`--root=${root}`, '--dry-run', join(UNITS, 'sysusers.conf')];
      const { stderr } = spawnSync('systemd-sysusers', args, { encoding: 'utf8' });

      expect(stderr).toMatch(/Would create user 'jobtrace'|Creating user 'jobtrace'/);
    });
  });
});
