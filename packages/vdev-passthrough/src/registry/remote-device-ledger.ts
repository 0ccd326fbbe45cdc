import { QvmError } from '@qvm/core';
import type { HostDeviceOwner } from '@qvm/core/services';
import type { DeviceLedger } from './device-ledger.js';

/**
 * A blocking call of a VM's thread to the ledger's thread.
 *
 * @experimental
 */
export type DeviceLedgerCall =
  | {
      /** Takes a device for a vdev. */
      readonly kind: 'take';
      /** Name of the device. */
      readonly device: string;
      /** Name of the vdev. */
      readonly vdev: string;
    }
  | {
      /** Asks who has a device. */
      readonly kind: 'ownerOf';
      /** Name of the device. */
      readonly device: string;
    };

/**
 * A message of a VM's thread to the ledger's thread without an answer.
 *
 * @experimental
 */
export interface DeviceLedgerNote {
  /** Kind of the note: a device is given back. */
  readonly kind: 'give';
  /** Name of the device. */
  readonly device: string;
}

/**
 * The end of the channel on a VM's thread. A host implements it with its connection between threads, which must keep
 * the order of calls and notes.
 *
 * @experimental
 */
export interface DeviceLedgerChannel {
  /** Sends a call and waits for its answer, the owner. */
  call(call: DeviceLedgerCall): HostDeviceOwner | undefined;
  /** Sends a note, without waiting. */
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

/** Largest number of devices of one VM. */
const MOST_DEVICES = 64;
/** Largest length of a name of a device or vdev in characters. */
const MOST_CHARACTERS = 64;

/**
 * The ledger's end of a channel to one VM's thread. Input is validated: it can only take and give devices for its VM.
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

  /** @throws QvmError `host-device.call` for an invalid call, or when the VM has too many devices. */
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

  /** Executes a note; an invalid one has no effect. */
  note(note: unknown): void {
    const { kind, device } = fieldsOf(note);
    if (kind === 'give' && isName(device)) this.#give(device);
  }

  /** Releases the devices of the VM, whose thread has ended. */
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
