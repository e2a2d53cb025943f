// Lists the channel of each kind of receiver. A new channel is one folder, one row here and its kind in
// core/config/rows/receiver.ts.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import { ALERTMANAGER } from './alertmanager/alertmanager.js';
import type { Channel } from './channel.js';
import { DINGTALK } from './dingtalk/dingtalk.js';
import { EMAIL } from './email/email.js';
import { FEISHU } from './feishu/feishu.js';
import { PAGERDUTY } from './pagerduty/pagerduty.js';
import { SLACK } from './slack/slack.js';
import { SLACK_APP } from './slack-app/slack-app.js';
import { TEAMS } from './teams/teams.js';
import { WEBHOOK } from './webhook/webhook.js';
import { WECOM } from './wecom/wecom.js';

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
