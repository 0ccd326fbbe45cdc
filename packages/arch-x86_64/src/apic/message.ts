/**
 * The low word of an interrupt message. The interrupt command register, a redirection entry of an I/O APIC and the data
 * of an MSI have the same fields at the same bits (SDM 3A, 10.6.1 and 10.11.2; 82093AA, 3.2.4), so one word
 * describes every message on the bus.
 */
export const VECTOR_MASK = 0xff;
export const DELIVERY_SHIFT = 8;
/** The destination is logical; otherwise it is an APIC ID. */
export const LOGICAL = 1 << 11;
export const ASSERT = 1 << 14;
/** Level-triggered; otherwise edge-triggered. */
export const LEVEL = 1 << 15;

/** Vectors below this one are reserved for exceptions and are illegal in messages (SDM 3A, 10.5.2). */
export const FIRST_LEGAL_VECTOR = 16;

/** A destination that means all local APICs. In the 8-bit format of messages it is 0xff. */
export const BROADCAST = 0xffff_ffff;

/** Delivery modes (SDM 3A, 10.6.1). Mode 3 is reserved. */
export enum DeliveryMode {
  Fixed = 0,
  LowestPriority = 1,
  Smi = 2,
  Nmi = 4,
  Init = 5,
  /** In an interrupt command: start-up of another vCPU. */
  StartUp = 6,
  /** In an LVT entry, a redirection entry or an MSI: the vector comes from the 8259A pair. */
  ExtInt = 7,
}

/** The delivery mode of a message, 0 to 7. */
export function deliveryMode(message: number): number {
  return (message >>> DELIVERY_SHIFT) & 7;
}

/** The destination of a message whose format has 8 bits for it. */
export function shortDestination(destination: number, message: number): number {
  return destination === 0xff && !isLogical(message) ? BROADCAST : destination;
}

/** Whether the destination of a message is logical. */
export function isLogical(message: number): boolean {
  return (message & LOGICAL) !== 0;
}
