import { isGroupMac, MAC_BYTES, macAt } from '@qvm/core/services';
import type { VirtqueueBuffer } from '../device/virtio-device.js';
import {
  CTRL_MAC,
  CTRL_MAC_ADDR_SET,
  CTRL_MAC_TABLE_SET,
  CTRL_RX,
  CTRL_RX_ALLMULTI,
  CTRL_RX_ALLUNI,
  CTRL_RX_NOBCAST,
  CTRL_RX_NOMULTI,
  CTRL_RX_NOUNI,
  CTRL_RX_PROMISC,
  CTRL_VLAN,
  CTRL_VLAN_ADD,
  CTRL_VLAN_DEL,
  F_CTRL_MAC_ADDR,
  F_CTRL_RX,
  F_CTRL_RX_EXTRA,
  F_CTRL_VLAN,
} from './constants.js';
import { TABLE_LIMIT, type FilterSwitch, type ReceiveFilter } from './receive-filter.js';

/** Size of class and command, which come first. */
const COMMAND_BYTES = 2;
const COUNT_BYTES = 4;
const VLANS = 4096;

/** The parts of the device that commands change. */
export interface ControlTarget {
  readonly filter: ReceiveFilter;
  setMac(mac: Uint8Array): void;
}

interface Command {
  /** The feature that the command belongs to. */
  readonly feature: bigint;
  /** Executes the command; returns whether it was well-formed. */
  run(data: CommandData, target: ControlTarget): boolean;
}

const COMMANDS: ReadonlyMap<number, Command> = new Map([
  [key(CTRL_RX, CTRL_RX_PROMISC), switching('promiscuous', F_CTRL_RX)],
  [key(CTRL_RX, CTRL_RX_ALLMULTI), switching('allMulticast', F_CTRL_RX)],
  [key(CTRL_RX, CTRL_RX_ALLUNI), switching('allUnicast', F_CTRL_RX_EXTRA)],
  [key(CTRL_RX, CTRL_RX_NOMULTI), switching('noMulticast', F_CTRL_RX_EXTRA)],
  [key(CTRL_RX, CTRL_RX_NOUNI), switching('noUnicast', F_CTRL_RX_EXTRA)],
  [key(CTRL_RX, CTRL_RX_NOBCAST), switching('noBroadcast', F_CTRL_RX_EXTRA)],
  [key(CTRL_MAC, CTRL_MAC_TABLE_SET), { feature: F_CTRL_RX, run: setTables }],
  [key(CTRL_MAC, CTRL_MAC_ADDR_SET), { feature: F_CTRL_MAC_ADDR, run: setAddress }],
  [key(CTRL_VLAN, CTRL_VLAN_ADD), vlan(true)],
  [key(CTRL_VLAN, CTRL_VLAN_DEL), vlan(false)],
]);

/** Executes one command (VirtIO 1.2, 5.1.6.5); `false` if it is unknown, not negotiated or malformed. */
export function runCommand(buffer: VirtqueueBuffer, features: bigint, target: ControlTarget): boolean {
  const head = new Uint8Array(COMMAND_BYTES);
  if (buffer.read(0, head) < COMMAND_BYTES) return false;
  const command = COMMANDS.get(key(head[0] ?? 0, head[1] ?? 0));
  if (command === undefined || (features & command.feature) === 0n) return false;
  return command.run(new CommandData(buffer), target);
}

/** The data after class and command. */
class CommandData {
  readonly length: number;
  readonly #buffer: VirtqueueBuffer;

  constructor(buffer: VirtqueueBuffer) {
    this.#buffer = buffer;
    this.length = buffer.readable - COMMAND_BYTES;
  }

  /** The bytes at an offset; zeros after the end. */
  bytes(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#buffer.read(COMMAND_BYTES + at, bytes);
    return bytes;
  }
}

function key(commandClass: number, command: number): number {
  return (commandClass << 8) | command;
}

function switching(name: FilterSwitch, feature: bigint): Command {
  return {
    feature,
    run: (data, { filter }) => {
      if (data.length !== 1) return false;
      filter.set(name, data.bytes(0, 1)[0] !== 0);
      return true;
    },
  };
}

function vlan(on: boolean): Command {
  return {
    feature: F_CTRL_VLAN,
    run: (data, { filter }) => {
      const [low = 0, high = 0] = data.bytes(0, 2);
      const number = low | (high << 8);
      if (data.length !== 2 || number >= VLANS) return false;
      filter.setVlan(number, on);
      return true;
    },
  };
}

function setAddress(data: CommandData, target: ControlTarget): boolean {
  const mac = data.bytes(0, MAC_BYTES);
  if (data.length !== MAC_BYTES || isGroupMac(mac)) return false;
  target.setMac(mac);
  return true;
}

/** Two tables, unicast and multicast, each preceded by its number of entries (5.1.6.5.2). */
function setTables(data: CommandData, { filter }: ControlTarget): boolean {
  const unicastEnd = tableEnd(data, 0);
  const multicastEnd = tableEnd(data, unicastEnd);
  if (multicastEnd !== data.length) return false;
  filter.setTables(readTable(data, 0, unicastEnd), readTable(data, unicastEnd, multicastEnd));
  return true;
}

function tableEnd(data: CommandData, at: number): number {
  const count = new DataView(data.bytes(at, COUNT_BYTES).buffer).getUint32(0, true);
  return at + COUNT_BYTES + MAC_BYTES * count;
}

/** The addresses in a table, which must be inside of the data; `undefined` if there are too many. */
function readTable(data: CommandData, start: number, end: number): readonly number[] | undefined {
  const count = (end - start - COUNT_BYTES) / MAC_BYTES;
  if (count > TABLE_LIMIT) return undefined;
  const bytes = data.bytes(start + COUNT_BYTES, MAC_BYTES * count);
  return Array.from({ length: count }, (_, index) => macAt(bytes, MAC_BYTES * index));
}
