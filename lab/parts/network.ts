// Creates a network for one cluster on this machine: a bridge with an address of the host, and network namespaces
// ("hosts") on it in which a process can be started. A host can be cut off, as if its cable were pulled: packets are
// lost silently. Needs root; everything is undone when the run ends, however that happens.
import { runCommand } from './process.js';
import type { RunRecord } from './running.js';
import { PartError, requireTool } from './tools.js';

export interface Network {
  /** Address of this machine, as the hosts see it. */
  address: string;
  addHost(): Promise<NetworkHost>;
}

export interface NetworkHost {
  address: string;
  /** Command prefix that runs a command in the host. */
  prefix: readonly string[];
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function openNetwork(record: RunRecord): Promise<Network> {
  await requireTool('ip', () => undefined);
  const [high, low] = [128 + Math.floor(Math.random() * 127), Math.floor(Math.random() * 256)];
  const bridge = `jt${high}x${low}`;
  const subnet = `10.${high}.${low}`;
  record.addUndo(`ip link delete ${bridge}`);
  await runIp(`link add ${bridge} type bridge`);
  await runIp(`addr add ${subnet}.1/24 dev ${bridge}`);
  await runIp(`link set ${bridge} up`);
  let hosts = 1;
  return {
    address: `${subnet}.1`,
    addHost() {
      hosts += 1;
      return addHost(record, bridge, `${subnet}.${hosts}`, hosts);
    },
  };
}

async function addHost(record: RunRecord, bridge: string, address: string, number: number): Promise<NetworkHost> {
  const name = `${bridge}n${number}`; // name of the namespace and of its cable's end on the bridge
  record.addUndo(`ip netns delete ${name}; ip link delete ${name}`);
  await runIp(`netns add ${name}`);
  await runIp(`link add ${name} type veth peer name eth0 netns ${name}`);
  await runIp(`link set ${name} master ${bridge} up`);
  await runIp(`-n ${name} addr add ${address}/24 dev eth0`);
  await runIp(`-n ${name} link set eth0 up`);
  await runIp(`-n ${name} link set lo up`);
  return {
    address,
    prefix: ['nsenter', `--net=/run/netns/${name}`],
    // Down, and not only removed from the bridge, because this machine would still receive what arrives at its end of
    // the cable.
    cut: () => runIp(`link set ${name} down`),
    mend: () => runIp(`link set ${name} up`),
  };
}

async function runIp(words: string): Promise<void> {
  const ended = await runCommand('ip', words.split(' '));
  if (ended.code !== 0)
    throw new PartError(
      `A network of its own cannot be made: ip ${words}.`,
      ended.stderr.trim(),
      'run it as root, on a machine (or in a container) that may change its network',
    );
}
