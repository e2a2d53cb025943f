// Creates the API with the page and its metrics from the settings. Only commands that serve it load this module,
// because its libraries take longer to load than everything else together.
import { isIP } from 'node:net';
import { describeSheet } from '../../analyzer/author/sheet.js';
import type { Catalog } from '../../analyzer/catalog/catalog.js';
import { createMetrics, type Metrics } from '../../api/http/metrics.js';
import { createServer, type ApiServer, type ServerOptions } from '../../api/server.js';
import { createError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { sendTrial } from '../../notify/deliver/trial.js';
import type { Notifier } from '../../notify/notify.js';
import { readFloor } from '../../notify/policy.js';
import { languageOf, proxiesOf, zoneOf } from '../settings.js';
import { PAGE_DIR, VERSION } from '../version.js';
import { readTls } from './open.js';
import { findProviderProblems } from './check.js';
import { createAuditLog } from './audit-log.js';
import { createAssistantHooks } from './assistant.js';
import { createAuthoring } from './author.js';
import type { RuleReloader } from './rule-reloader.js';
import type { SettingsReloader } from './settings-reloader.js';
import { createPasteDiagnoser } from './paste.js';

const HOUR_MS = 3_600_000;

export function createServiceMetrics(): Metrics {
  return createMetrics(VERSION);
}

/** Creates the server. It uses new tokens, grants and receivers without a restart. */
export function createServiceServer(
  ruleReloader: Pick<SettingsReloader, 'settings'>,
  rules: RuleReloader,
  store: ServerOptions['store'],
  log: Log,
  notifier: Notifier,
  metrics: Metrics,
): ApiServer {
  const { settings } = ruleReloader;
  const pasted = createPasteDiagnoser({ folders: rules.folders, zone: zoneOf(settings) });
  rules.onChange(() => pasted.reload(rules.folders));
  const server = createServer({
    store,
    log: log.child({ stage: 'api' }),
    onAudit: createAuditLog(settings['api.auditFile'], log.child({ stage: 'audit' })),
    metrics,
    settings: {
      version: VERSION,
      language: languageOf(settings),
      publicUrl: settings['api.publicUrl'],
      get tokens() {
        return ruleReloader.settings['api.tokens'];
      },
      get teams() {
        return ruleReloader.settings['notify.teams'];
      },
      provider: readProvider(ruleReloader),
      searchMs: settings['api.searchSeconds'] * 1000,
      sessionMs: settings['api.sessionHours'] * HOUR_MS,
      tls: readTls(settings, 'api'),
      providerSessionMs: settings['api.oidc.sessionHours'] * HOUR_MS,
      trustedProxies: readProxies(settings['api.trustedProxies']),
      allowedHosts: settings['api.allowedHosts'],
      floor: readFloor(settings),
      webDir: PAGE_DIR,
    },
    catalogInfo: () => describeCatalog(rules.catalog),
    ruleProblems: () => rules.problems,
    ruleSheet: (id, language) => {
      const rule = rules.catalog.findRule(id);
      return rule && describeSheet(rule, language);
    },
    authoring: createAuthoring(settings, rules),
    analyzerHooks: { diagnosePaste: pasted.diagnose },
    assistantHooks: { ...createAssistantHooks(() => rules.catalog, settings), diagnoseText: pasted.diagnose },
    notifyHooks: {
      receiveAlerts: (message) => notifier.receiveAlerts(message),
      testReceiver: async (name) => {
        const receiver = ruleReloader.settings['notify.receivers'].find((item) => item.name === name);
        return (
          receiver &&
          sendTrial(receiver, { publicUrl: settings['api.publicUrl'], proxies: proxiesOf(settings) }, Date.now())
        );
      },
    },
  });
  return {
    listen: server.listen,
    close: async () => {
      await Promise.all([pasted.close(), server.close()]);
    },
  };
}

function readProxies(proxies: readonly string[]): readonly string[] {
  const wrong = proxies.find((proxy) => {
    const [address = '', bits = '0', ...more] = proxy.split('/');
    const family = isIP(address);
    return family === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128);
  });
  if (wrong === undefined) return proxies;
  const problems = `  api.trustedProxies names "${wrong}", which is neither an address nor a network such as 10.0.0.0/8.`;
  throw createError('JT_CONFIG_INVALID', { problems });
}

function readProvider(ruleReloader: Pick<SettingsReloader, 'settings'>): ServerOptions['settings']['provider'] {
  const { settings } = ruleReloader;
  const issuer = settings['api.oidc.issuer'];
  if (issuer === '') return undefined;
  const publicUrl = settings['api.publicUrl'];
  const problems = findProviderProblems(settings).map((problem) => `  ${problem}`);
  if (problems.length > 0) throw createError('JT_CONFIG_INVALID', { problems: problems.join('\n') });
  return {
    issuer,
    clientId: settings['api.oidc.clientId'],
    clientSecret: settings['api.oidc.clientSecret'],
    name: settings['api.oidc.name'],
    asks: settings['api.oidc.asks'],
    groupsClaim: settings['api.oidc.groupsClaim'],
    get grants() {
      return ruleReloader.settings['api.oidc.grants'];
    },
    proxies: proxiesOf(settings),
    redirectUri: new URL('/api/v1/oidc/callback', publicUrl).href,
  };
}

function describeCatalog(catalog: Catalog): ReturnType<Parameters<typeof createServer>[0]['catalogInfo']> {
  return catalog.rules.map((rule) => ({
    id: rule.id,
    cause: rule.cause,
    status: rule.status,
    severity: rule.severity,
    owner: rule.owner,
    role: rule.role,
    title: { en: rule.title.en.source, zh: rule.title.zh.source },
    references: rule.references,
  }));
}
