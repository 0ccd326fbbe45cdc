import { formatMac, macAt } from '@qvm/core/services';
import { QvmError, silentLogger } from '@qvm/core';
import type { Logger } from '@qvm/core';
import type { NetworkDeviceInfo, NetworkFabric, NetworkPort } from '@qvm/core/services';
import type { CaptureSink } from '../capture/capture-sink.js';
import { deviceCapture } from '../capture/device-capture.js';
import { joinPorts } from '../port/join-ports.js';
import { LearningSwitch, type LearningSwitchOptions } from '../switch/learning-switch.js';
import { Cables } from './cables.js';
import { parsePeer } from './peer-name.js';

/** Largest number of switches; a configuration with more is an error. */
const MOST_SWITCHES = 256;

/**
 * Options of a fabric; all have defaults.
 *
 * @experimental
 */
export interface SwitchFabricOptions {
  /** Gets messages about duplicate addresses and captures that end. Absent: nothing is logged. */
  readonly logger?: Logger;
  /** Options for all of its switches. */
  readonly switches?: LearningSwitchOptions;
  /** Allowed names of switches. Absent: any. A switch is created when its first device connects. */
  readonly allowed?: readonly string[];
  /**
   * Opens a file for a capture of the frames that `device` (`vm/vdev`) sends and receives. Absent: captures are
   * refused.
   */
  readonly openCapture?: (path: string, device: string) => CaptureSink;
  /** Opens a TAP device. Absent: TAP devices are refused. */
  readonly openTap?: (name: string) => NetworkPort;
}

/** Options of all ports of a fabric. */
interface EndOptions {
  readonly capture?: CaptureSink;
  readonly onClose: () => void;
}

/**
 * The networks of one process: switches by name, cables between two devices, TAP devices.
 *
 * @experimental
 */
export class SwitchFabric implements NetworkFabric {
  readonly #options: SwitchFabricOptions;
  readonly #logger: Logger;
  readonly #switches = new Map<string, LearningSwitch>();
  /** Captures of whole switches by name, with their paths. */
  readonly #captures = new Map<string, { readonly path: string; readonly sink: CaptureSink }>();
  readonly #cables = new Cables();
  readonly #taps = new Set<string>();
  /** The address of each connected device, by path. */
  readonly #devices = new Map<string, number>();

  constructor(options: SwitchFabricOptions = {}) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /** The switches created so far. */
  get switches(): ReadonlyMap<string, LearningSwitch> {
    return this.#switches;
  }

  connect(peer: string, device: NetworkDeviceInfo): NetworkPort {
    const path = `${device.vm}/${device.vdev}`;
    if (this.#devices.has(path)) {
      throw new QvmError(
        'network.device-taken',
        `${path} is plugged in already; VMs of one host need names of their own.`,
      );
    }
    const port = this.#connect(peer, path, device);
    this.#register(path, macAt(device.mac, 0));
    return port;
  }

  /**
   * The switch with a name, created if necessary.
   *
   * @throws QvmError `network.unknown-peer` when the name is not allowed, or there are too many switches.
   */
  switch(name: string): LearningSwitch {
    const known = this.#switches.get(name);
    if (known !== undefined) return known;
    this.#requireAllowed(name);
    const made = new LearningSwitch(this.#options.switches);
    this.#switches.set(name, made);
    return made;
  }

  /**
   * Records in a file all frames that devices at a switch send, each once, for devices that connect from now on.
   * Repeating the call with the same file has no effect; another file replaces it.
   *
   * @throws QvmError `network.capture` when this host has no files for captures; `network.unknown-peer`.
   */
  capture(name: string, path: string): void {
    const known = this.#captures.get(name);
    if (known?.path === path) return;
    this.switch(name);
    const sink = this.#openCapture(name, path);
    known?.sink.close();
    this.#captures.set(name, { path, sink });
  }

  /** Ends the captures of switches. Captures of devices end with their devices. */
  close(): void {
    for (const { sink } of this.#captures.values()) sink.close();
    this.#captures.clear();
  }

  #connect(text: string, path: string, device: NetworkDeviceInfo): NetworkPort {
    const peer = parsePeer(text);
    if (peer.kind !== 'switch') requireNoVlans(text, path, device);
    const target = peer.kind === 'switch' ? this.switch(peer.name) : undefined;
    const own = device.capture === undefined ? undefined : this.#openCapture(path, device.capture);
    const ofSwitch = peer.kind === 'switch' ? this.#captures.get(peer.name)?.sink : undefined;
    const capture = deviceCapture(own, ofSwitch);
    const options: EndOptions = {
      ...(capture === undefined ? {} : { capture }),
      onClose: () => this.#devices.delete(path),
    };
    try {
      if (target !== undefined) return target.attach({ name: path, ...vlansOf(device), ...options });
      if (peer.kind === 'device') return this.#cables.connect(path, peer.path, options);
      return this.#connectTap(peer.name, path, options);
    } catch (error) {
      capture?.close();
      throw error;
    }
  }

  #requireAllowed(name: string): void {
    const { allowed } = this.#options;
    if (allowed !== undefined && !allowed.includes(name)) {
      throw new QvmError('network.unknown-peer', `There is no switch ${name}; there are ${allowed.join(', ')}.`);
    }
    if (this.#switches.size < MOST_SWITCHES) return;
    throw new QvmError('network.unknown-peer', `${name} would be one switch too many; ${MOST_SWITCHES} can be made.`);
  }

  #openCapture(what: string, file: string): CaptureSink {
    const open = this.#options.openCapture;
    if (open === undefined) throw new QvmError('network.capture', `This host has no files for the capture of ${what}.`);
    return open(file, what);
  }

  /** Connects a TAP device to one end of a cable, and the device to the other. */
  #connectTap(name: string, path: string, options: EndOptions): NetworkPort {
    const open = this.#options.openTap;
    if (open === undefined) throw new QvmError('network.tap-unavailable', 'This host has no TAP devices.');
    if (this.#taps.has(name))
      throw new QvmError('network.peer-taken', `The TAP device ${name} has its device already.`);
    const tap = open(name);
    this.#taps.add(name);
    const tapPath = `tap:${name}`;
    const unjoin = joinPorts(tap, this.#cables.connect(tapPath, path, {}));
    const onClose = (): void => {
      unjoin();
      this.#taps.delete(name);
      options.onClose();
    };
    return this.#cables.connect(path, tapPath, { ...options, onClose });
  }

  #register(path: string, address: number): void {
    for (const [other, taken] of this.#devices) {
      if (taken !== address) continue;
      this.#logger.log('warn', `${path} and ${other} have the same MAC address, ${formatMac(address)}`);
    }
    this.#devices.set(path, address);
  }
}

function vlansOf({ vlan, trunk }: NetworkDeviceInfo): Pick<NetworkDeviceInfo, 'vlan' | 'trunk'> {
  return { ...(vlan === undefined ? {} : { vlan }), ...(trunk === undefined ? {} : { trunk }) };
}

function requireNoVlans(peer: string, path: string, { vlan, trunk }: NetworkDeviceInfo): void {
  if (vlan === undefined && trunk === undefined) return;
  throw new QvmError('network.vlan', `${path} has a VLAN and its peer ${peer} is no switch; only switches have VLANs.`);
}
