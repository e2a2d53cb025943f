// Lists the channel of each kind of receiver. A new channel is one file, one row here and its kind in
// core/config/receiver.ts.
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { ALERTMANAGER } from './alertmanager.js';
import type { Channel } from './channel.js';
import { DINGTALK } from './dingtalk.js';
import { EMAIL } from './email.js';
import { FEISHU } from './feishu.js';
import { PAGERDUTY } from './pagerduty.js';
import { SLACK } from './slack.js';
import { SLACK_APP } from './slack-app.js';
import { TEAMS } from './teams.js';
import { WEBHOOK } from './webhook.js';
import { WECOM } from './wecom.js';

export const CHANNELS: Readonly<Record<ReceiverSettings['kind'], Channel>> = {
  webhook: WEBHOOK,
  alertmanager: ALERTMANAGER,
  dingtalk: DINGTALK,
  feishu: FEISHU,
  wecom: WECOM,
  slack: SLACK,
  'slack-app': SLACK_APP,
  teams: TEAMS,
  pagerduty: PAGERDUTY,
  email: EMAIL,
};
