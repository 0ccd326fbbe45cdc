import { SVR_MASK } from './apic-core.js';
import type { ApicCore } from './apic-core.js';
import { COMMAND_MASK } from './interrupt-command.js';
import { LvtEntry, lvtDefined } from './local-vector-table.js';
import { shortDestination, VECTOR_MASK } from '../message.js';

/** Version 14h, six LVT entries, the broadcast of ends of interrupts can be suppressed (SDM 3A, 10.4.8). */
const VERSION = (1 << 24) | (5 << 16) | 0x14;
const DIVIDE_DEFINED = 0xb;

/**
 * A register of the local APIC, at the same number in both interfaces: `offset` in the page of xAPIC mode, MSR
 * 800h + `offset`/16 in x2APIC mode (SDM 3A, tables 10-1 and 10-6).
 */
export interface ApicRegister {
  readonly offset: number;
  readonly name: string;
  readonly description: string;
  /** Registers of an array, 16 bytes apart. Default 1. */
  readonly words?: number;
  /** The interface that it exists in; absent: both. */
  readonly only?: 'xapic' | 'x2apic';
  /** Bits that are not reserved: in x2APIC mode, others must be written as 0. Default: all. */
  readonly defined?: number;
  read?(apic: ApicCore, index: number): number;
  /** `high` has bits 63–32 of a write by WRMSR; 0 for others. */
  write?(apic: ApicCore, value: number, high: number): void;
}

/** The interrupt command register in x2APIC mode, the only one of 64 bits. */
export const COMMAND_OFFSET = 0x300;

export const APIC_REGISTERS: readonly ApicRegister[] = [
  {
    offset: 0x020,
    name: 'ID',
    description: 'APIC ID, in bits 31–24 in xAPIC mode; the index of the vCPU',
    read: ({ address, base }) => (base.x2apic ? address.id : (address.id & VECTOR_MASK) << 24),
  },
  { offset: 0x030, name: 'VERSION', description: 'Version 14h, 6 LVT entries', read: () => VERSION },
  {
    offset: 0x080,
    name: 'TPR',
    description: 'Task priority; bits 7–4 are CR8',
    defined: VECTOR_MASK,
    read: (apic) => apic.taskPriority,
    write: (apic, value) => {
      apic.taskPriority = value;
    },
  },
  { offset: 0x0a0, name: 'PPR', description: 'Processor priority', read: ({ priority }) => priority.ppr },
  {
    offset: 0x0b0,
    name: 'EOI',
    description: 'Ends the highest interrupt in service; in x2APIC mode, only 0 may be written',
    defined: 0,
    write: (apic) => apic.endOfInterrupt(),
  },
  {
    offset: 0x0d0,
    name: 'LDR',
    description: 'Logical APIC ID, in bits 31–24',
    only: 'xapic',
    read: ({ address }) => address.logicalId << 24,
    write: ({ address }, value) => {
      address.logicalId = value >>> 24;
    },
  },
  {
    offset: 0x0d0,
    name: 'LDR',
    description: 'Logical APIC ID, derived from the APIC ID: cluster in bits 31–16, one of 16 members in bits 15–0',
    only: 'x2apic',
    read: ({ address }) => address.x2apicLogicalId,
  },
  {
    offset: 0x0e0,
    name: 'DFR',
    description: 'Model of logical destinations in bits 31–28: 1111 flat, 0000 cluster',
    only: 'xapic',
    read: ({ address }) => (address.model << 28) | 0xfff_ffff,
    write: ({ address }, value) => {
      address.model = value >>> 28;
    },
  },
  {
    offset: 0x0f0,
    name: 'SVR',
    description: 'Spurious vector, software enable (bit 8), no broadcast of ends of interrupts (bit 12)',
    defined: SVR_MASK,
    read: (apic) => apic.spuriousVector,
    write: (apic, value) => {
      apic.spuriousVector = value;
    },
  },
  {
    offset: 0x100,
    name: 'ISR',
    words: 8,
    description: 'Interrupts in service',
    read: ({ priority }, index) => priority.isr.words[index] ?? 0,
  },
  {
    offset: 0x180,
    name: 'TMR',
    words: 8,
    description: 'Interrupts that were accepted as level-triggered',
    read: ({ priority }, index) => priority.tmr.words[index] ?? 0,
  },
  {
    offset: 0x200,
    name: 'IRR',
    words: 8,
    description: 'Interrupts that were accepted and not taken',
    read: ({ priority }, index) => priority.irr.words[index] ?? 0,
  },
  {
    offset: 0x280,
    name: 'ESR',
    description: 'Errors up to the last write: illegal vector sent (5), received (6), illegal register (7)',
    defined: 0,
    read: ({ errors }) => errors.visible,
    write: (apic) => apic.updateErrors(),
  },
  {
    offset: COMMAND_OFFSET,
    name: 'ICR',
    description: 'Interrupt command: a write sends. Delivery status reads as 0. 64 bits in x2APIC mode',
    defined: COMMAND_MASK,
    read: ({ command }) => command.low,
    write: sendCommand,
  },
  {
    offset: 0x310,
    name: 'ICR high',
    description: 'Destination of commands, in bits 31–24',
    only: 'xapic',
    read: ({ command }) => command.high,
    write: ({ command }, value) => {
      command.high = (value & 0xff00_0000) >>> 0;
    },
  },
  lvtRegister(LvtEntry.Timer, 'Timer: vector, mask (16), mode (18–17: one-shot, periodic, TSC-deadline)'),
  lvtRegister(LvtEntry.Thermal, 'Thermal sensor, which never has an event'),
  lvtRegister(LvtEntry.Performance, 'Performance counters, which never overflow'),
  lvtRegister(LvtEntry.Lint0, 'LINT0, the output of the 8259A pair'),
  lvtRegister(LvtEntry.Lint1, 'LINT1, the NMI line; always edge-triggered'),
  lvtRegister(LvtEntry.Error, 'A first error since the last write of the ESR'),
  {
    offset: 0x380,
    name: 'INITIAL COUNT',
    description: 'Starts the timer, which counts nanoseconds divided as DCR says; 0 stops it',
    read: ({ timer }) => timer.initialCount,
    write: ({ timer }, value) => {
      timer.initialCount = value;
    },
  },
  { offset: 0x390, name: 'CURRENT COUNT', description: 'Count of the timer', read: ({ timer }) => timer.currentCount },
  {
    offset: 0x3e0,
    name: 'DCR',
    description: 'Divider of the timer, 1 to 128, in bits 3, 1 and 0',
    defined: DIVIDE_DEFINED,
    read: ({ timer }) => timer.divide,
    write: ({ timer }, value) => {
      timer.divide = value;
    },
  },
  {
    offset: 0x3f0,
    name: 'SELF IPI',
    description: 'Sends a fixed interrupt to the own vCPU',
    only: 'x2apic',
    defined: VECTOR_MASK,
    write: (apic, value) => apic.sendToSelf(value),
  },
];

function lvtRegister(entry: LvtEntry, description: string): ApicRegister {
  return {
    offset: 0x320 + entry * 0x10,
    name: `LVT ${LvtEntry[entry]}`,
    description,
    defined: lvtDefined(entry),
    read: ({ lvt }) => lvt.read(entry),
    write: (apic, value) => apic.writeLvt(entry, value),
  };
}

function sendCommand(apic: ApicCore, value: number, high: number): void {
  if (apic.base.x2apic) {
    apic.command.high = high;
    apic.sendCommand(value, high);
  } else apic.sendCommand(value, shortDestination(apic.command.high >>> 24, value));
}
