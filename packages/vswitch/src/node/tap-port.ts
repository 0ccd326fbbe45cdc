import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { QvmError } from '@qvm/core';
import { MAXIMUM_FRAME } from '@qvm/core/services';
import type { Logger } from '@qvm/core';
import type { FrameListener, FrameOffload, NetworkPort } from '@qvm/core/services';
import { isAdmissible } from '../offload/check-offload.js';
import { wireFrames } from '../offload/lower-offloads.js';
import { PortCounters } from '../port/port-counters.js';
import { loadTapSystem, type TapSystem } from './tap-system.js';

const DEVICE = '/dev/net/tun';
/** `TUNSETIFF` and its argument: a `struct ifreq` with a name of 16 bytes and flags (linux/if_tun.h). */
const TUNSETIFF = 0x4004_54ca;
const IFREQ_BYTES = 40;
const FLAGS_AT = 16;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
/** Interval of polling in milliseconds; the device may exist for this time after `close`. */
const POLL = 100;
const FRAMES_PER_TURN = 256;
const ERRORS: Readonly<Record<number, string>> = { 1: 'no permission', 16: 'it is in use', 22: 'it is no TAP device' };

/**
 * Opens a TAP device of the Linux host; creates it if necessary, which needs permission to administrate networks.
 *
 * @throws QvmError `network.tap-unavailable` with the reason.
 * @experimental
 */
export function openTap(name: string, logger: Logger, load: () => TapSystem = loadTapSystem): NetworkPort {
  const system = attempt(name, 'it takes the package koffi', load);
  const descriptor = attempt(name, `${DEVICE} cannot be opened`, () =>
    openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK),
  );
  const error = system.ioctl(descriptor, TUNSETIFF, interfaceRequest(name));
  if (error === 0) return new TapPort(name, descriptor, system, logger);
  closeSync(descriptor);
  throw unavailable(name, ERRORS[error] ?? `error ${error} of the system`);
}

function attempt<T>(name: string, reason: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw unavailable(name, `${reason}: ${reasonOf(cause)}`, cause);
  }
}

function unavailable(name: string, reason: string, cause?: unknown): QvmError {
  return new QvmError('network.tap-unavailable', `The TAP device ${name} is not available: ${reason}.`, { cause });
}

/** The first line of the message: that of a missing module also lists all modules that require it. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function interfaceRequest(name: string): Uint8Array {
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(new TextEncoder().encode(name).subarray(0, FLAGS_AT - 1));
  new DataView(request.buffer).setUint16(FLAGS_AT, IFF_TAP | IFF_NO_PI, true);
  return request;
}

/** The host's network stack as the other end of a cable. It sends frames without offloads, and accepts none. */
class TapPort implements NetworkPort {
  readonly counters = new PortCounters();
  readonly #name: string;
  readonly #descriptor: number;
  readonly #system: TapSystem;
  readonly #logger: Logger;
  readonly #buffer = new Uint8Array(MAXIMUM_FRAME);
  #listener: FrameListener | undefined;
  #linkListener: (() => void) | undefined;
  #open = true;
  #resumed: (() => void) | undefined;

  constructor(name: string, descriptor: number, system: TapSystem, logger: Logger) {
    this.#name = name;
    this.#descriptor = descriptor;
    this.#system = system;
    this.#logger = logger;
    void this.#receive().catch((error: unknown) => this.#fail(error));
  }

  get linkUp(): boolean {
    return this.#open;
  }

  onLinkChange(listener: (() => void) | undefined): void {
    this.#linkListener = listener;
  }

  acceptOffloads(): void {
    // The kernel delivers frames in their form on the wire.
  }

  send(frame: Uint8Array, offload?: FrameOffload): boolean {
    if (!this.#open || !isAdmissible(frame, offload)) {
      this.counters.sendDrops++;
      return false;
    }
    let complete = true;
    for (const wire of wireFrames(frame, offload)) complete = this.#write(wire) && complete;
    return complete;
  }

  onReceive(listener: FrameListener | undefined): void {
    this.#listener = listener;
  }

  resume(): void {
    this.#resumed?.();
  }

  close(): void {
    this.#open = false;
    this.#listener = undefined;
    this.#linkListener = undefined;
    this.resume();
  }

  #write(frame: Uint8Array): boolean {
    try {
      writeSync(this.#descriptor, frame);
      this.counters.countSent(frame);
      return true;
    } catch {
      // The interface is down or its queue is full; frames can also be lost on a wire.
      this.counters.sendDrops++;
      return false;
    }
  }

  async #receive(): Promise<void> {
    try {
      while (this.#open) if (await this.#system.readable(this.#descriptor, POLL)) await this.#readTurn();
    } finally {
      // Closed only here: while a poll is in progress, the descriptor must not be reused for another file.
      closeSync(this.#descriptor);
    }
  }

  async #readTurn(): Promise<void> {
    for (let count = 0; count < FRAMES_PER_TURN && this.#open; count++) {
      const frame = this.#read();
      if (frame === undefined) return;
      if (this.#listener === undefined) this.counters.receiveDrops++;
      else if (await this.#offer(frame)) this.counters.countReceived(frame);
    }
  }

  /** Whether the listener accepted the frame, at once or after a `resume`. */
  async #offer(frame: Uint8Array): Promise<boolean> {
    while (this.#listener !== undefined) {
      if (this.#listener(frame)) return true;
      await new Promise<void>((resolve) => (this.#resumed = resolve));
    }
    return false;
  }

  #read(): Uint8Array | undefined {
    try {
      return this.#buffer.subarray(0, readSync(this.#descriptor, this.#buffer));
    } catch (error) {
      if (isAgain(error)) return undefined;
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#logger.log('error', `the TAP device ${this.#name} failed: ${reasonOf(error)}`);
    this.#open = false;
    this.#linkListener?.();
  }
}

/** Whether there is nothing to read, or the interface is down temporarily. */
function isAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EIO');
}
