import { QvmError } from '@qvm/core';
import type { HostDeviceOwner } from '@qvm/core/services';
import type { DeviceLedger } from './device-ledger.js';

/**
 * What a VM's thread asks the thread of the ledger, and waits for.
 *
 * @experimental
 */
export type DeviceLedgerCall =
  | { readonly kind: 'take'; readonly device: string; readonly vdev: string }
  | { readonly kind: 'ownerOf'; readonly device: string };

/**
 * What a VM's thread tells the thread of the ledger.
 *
 * @experimental
 */
export interface DeviceLedgerNote {
  /** What is told: a device is given back. */
  readonly kind: 'give';
  /** Name of the device. */
  readonly device: string;
}

/**
 * The end of a VM's thread. A host carries it over whatever joins the threads; order is kept among calls and notes.
 *
 * @experimental
 */
export interface DeviceLedgerChannel {
  /** Sends a call and waits for its answer, the owner. */
  call(call: DeviceLedgerCall): HostDeviceOwner | undefined;
  /** Tells the other side, and waits for nothing. */
  note(note: DeviceLedgerNote): void;
}

/**
 * The ledger of another thread.
 *
 * @experimental
 */
export class RemoteDeviceLedger implements DeviceLedger {
  readonly #channel: DeviceLedgerChannel;

  constructor(channel: DeviceLedgerChannel) {
    this.#channel = channel;
  }

  take(device: string, { vdev }: HostDeviceOwner): HostDeviceOwner | undefined {
    return this.#channel.call({ kind: 'take', device, vdev });
  }

  give(device: string): void {
    this.#channel.note({ kind: 'give', device });
  }

  ownerOf(device: string): HostDeviceOwner | undefined {
    return this.#channel.call({ kind: 'ownerOf', device });
  }
}

/** Most devices that one VM may have. */
const MOST_DEVICES = 64;
/** Longest name of a device or vdev, characters. */
const MOST_CHARACTERS = 64;

/**
 * The ledger's end of a channel to one VM's thread. What comes in is checked: it can only take and give for its VM.
 *
 * @experimental
 */
export class DeviceLedgerServer {
  readonly #ledger: DeviceLedger;
  readonly #vm: string;
  readonly #taken = new Set<string>();

  constructor(ledger: DeviceLedger, vm: string) {
    this.#ledger = ledger;
    this.#vm = vm;
  }

  /** @throws QvmError `host-device.call` for what is no call, or when the VM has too many devices. */
  call(call: unknown): HostDeviceOwner | undefined {
    const { kind, device, vdev } = fieldsOf(call);
    if (isName(device) && kind === 'ownerOf') return this.#ledger.ownerOf(device);
    if (isName(device) && kind === 'take' && isName(vdev) && this.#taken.size < MOST_DEVICES) {
      const owner = this.#ledger.take(device, { vm: this.#vm, vdev });
      if (owner === undefined) this.#taken.add(device);
      return owner;
    }
    throw new QvmError('host-device.call', `The VM ${this.#vm} asks for a device in a way that has no answer.`);
  }

  /** Obeys a note; one that makes no sense has no effect. */
  note(note: unknown): void {
    const { kind, device } = fieldsOf(note);
    if (kind === 'give' && isName(device)) this.#give(device);
  }

  /** The thread has ended: gives back what its VM had. */
  close(): void {
    for (const device of [...this.#taken]) this.#give(device);
  }

  #give(device: string): void {
    if (this.#taken.delete(device)) this.#ledger.give(device);
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_CHARACTERS;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
