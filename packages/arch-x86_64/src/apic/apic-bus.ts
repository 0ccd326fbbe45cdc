import { createToken } from '@qvm/core';
import type { Token } from '@qvm/core';
import type { ProcessorInterrupt } from '@qvm/core/architecture';
import type { Clock } from '@qvm/core/vdev';
import type { ApicBusPort, MessageReceiver } from './bus-port.js';
import type { ApicFeatures } from './local/apic-base.js';
import { LocalApic } from './local/local-apic.js';
import type { LintPin } from './local/local-vector-table.js';
import { ASSERT, deliveryMode, DeliveryMode, DELIVERY_SHIFT, isLogical, LEVEL, LOGICAL } from './message.js';
import { shortDestination, VECTOR_MASK } from './message.js';

/** Address of message-signalled interrupts, in units of 1 MiB (SDM 3A, 10.11.1). */
const MSI_RANGE = 0xfee;
const MIB = 0x10_0000;
const MSI_LOGICAL = 1 << 2;
const MSI_REDIRECTION_HINT = 1 << 3;
const MSI_DESTINATION_SHIFT = 12;
/** Vector, delivery mode, level and trigger. */
const MSI_DATA_MASK = VECTOR_MASK | (7 << DELIVERY_SHIFT) | ASSERT | LEVEL;

/** An I/O APIC, as the bus tells it about ends of interrupts. @experimental */
export interface EndOfInterruptListener {
  /** A level-triggered interrupt with this vector has ended. */
  endOfInterrupt(vector: number): void;
}

/** The 8259A pair, as a local APIC acknowledges its interrupts. @experimental */
export interface ExternalController {
  /** Takes the interrupt that is due and returns its vector, the spurious one when there is none. */
  acknowledge(): number;
}

/**
 * The interrupt controllers of a VM, joined: the local APIC of each vCPU, I/O APICs, devices that send messages, and
 * the 8259A pair. A machine makes it before its vCPUs and provides it as {@link APIC_BUS}.
 *
 * @experimental
 */
export class ApicBus implements ApicBusPort {
  /** The local APICs, by index of the vCPU. */
  readonly apics: readonly LocalApic[];
  /** Index of the vCPU whose accesses to memory arrive at devices; a vCPU sets it when its turn begins. */
  running = 0;
  readonly #listeners: EndOfInterruptListener[] = [];
  #external: ExternalController | undefined;

  /**
   * @param vcpus - number of vCPUs.
   * @param clock - of the VM; it runs the timers.
   */
  constructor(vcpus: number, clock: Clock, features: ApicFeatures = {}) {
    this.apics = Array.from({ length: vcpus }, (_, id) => new LocalApic(id, this, clock, features));
  }

  /**
   * A message-signalled interrupt of a device (SDM 3A, 10.11).
   *
   * @param address - 0xfeexxxxx; messages to other addresses are lost.
   * @param data - 32 bits.
   * @returns whether a local APIC has accepted it.
   */
  message(address: number, data: number): boolean {
    if (Math.floor(address / MIB) !== MSI_RANGE) return false;
    const message = (data & MSI_DATA_MASK) | ((address & MSI_LOGICAL) !== 0 ? LOGICAL : 0);
    // A level-triggered message without the level bit withdraws the interrupt, which local APICs ignore.
    if ((message & (LEVEL | ASSERT)) === LEVEL || deliveryMode(message) === Number(DeliveryMode.StartUp)) return false;
    const destination = shortDestination((address >>> MSI_DESTINATION_SHIFT) & VECTOR_MASK, message);
    return this.deliver(message | redirection(address, message), destination);
  }

  /** See `MessageReceiver`. */
  processorInterrupts(): readonly ProcessorInterrupt[] {
    return this.apics.flatMap((apic, vcpu) => apic.interrupts().map((interrupt) => ({ vcpu, ...interrupt })));
  }

  deliver(message: number, destination: number, except?: MessageReceiver): boolean {
    const logical = isLogical(message);
    if (deliveryMode(message) === Number(DeliveryMode.LowestPriority)) {
      return this.#lowest(destination, logical, except)?.receive(message) ?? false;
    }
    let accepted = false;
    for (const apic of this.apics) {
      if (apic !== except && apic.matches(destination, logical)) accepted = apic.receive(message) || accepted;
    }
    return accepted;
  }

  endOfInterrupt(vector: number): void {
    for (const listener of this.#listeners) listener.endOfInterrupt(vector);
  }

  acknowledgeExternal(): number {
    return this.#external?.acknowledge() ?? -1;
  }

  /** Connects an I/O APIC. Startup only. */
  listen(listener: EndOfInterruptListener): void {
    this.#listeners.push(listener);
  }

  /** Connects the 8259A pair, which drives pin 0. Startup only. */
  connectExternal(controller: ExternalController): void {
    this.#external = controller;
  }

  /** Drives an input of all local APICs: 0 is INTR of the 8259A pair, 1 is NMI. */
  setPin(pin: LintPin, level: boolean): void {
    for (const apic of this.apics) apic.setPin(pin, level);
  }

  /** Releases the timers. */
  dispose(): void {
    for (const apic of this.apics) apic.dispose();
  }

  /**
   * Arbitration (SDM 3A, 10.6.2.4): the APIC with the lowest processor priority gets the message; among equals, the one
   * with the lowest ID, so that runs repeat.
   */
  #lowest(destination: number, logical: boolean, except?: MessageReceiver): LocalApic | undefined {
    let best: LocalApic | undefined;
    for (const apic of this.apics) {
      if (apic === except || !apic.softwareEnabled || !apic.matches(destination, logical)) continue;
      if (best === undefined || apic.priority.ppr < best.priority.ppr) best = apic;
    }
    return best;
  }
}

/** With the redirection hint, a fixed message goes to one of its destinations. */
function redirection(address: number, message: number): number {
  const hint = (address & MSI_REDIRECTION_HINT) !== 0 && deliveryMode(message) === Number(DeliveryMode.Fixed);
  return hint ? DeliveryMode.LowestPriority << DELIVERY_SHIFT : 0;
}

/**
 * The APIC bus of an x86_64 machine, for vdevs that send interrupts as messages, and for the vdevs `ioapic` and `pic`.
 *
 * @experimental
 */
export const APIC_BUS: Token<ApicBus> = createToken('@qvm/arch-x86_64/ApicBus');
