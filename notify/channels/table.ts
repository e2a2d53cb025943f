// The table of channels: a receiver's kind → how it is spoken to. A new channel is one file and one row. Asked by
// notify.ts, sender.ts and inbound.ts.
import type { ReceiverSettings } from '../../core/config/rows/receiver.js';
import type { Channel } from './channel.js';
import { ALERTMANAGER } from './alertmanager.js';
import { WEBHOOK } from './webhook.js';

export const CHANNELS: Readonly<Record<ReceiverSettings['kind'], Channel>> = {
  webhook: WEBHOOK,
  alertmanager: ALERTMANAGER,
};
