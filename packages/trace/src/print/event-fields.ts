import { hexadecimal } from '@qvm/core';
import { ACCESS_WRITE, NO_VCPU, TraceEventId, type TraceEvent } from '../event.js';

/** A value of an event in text and JSON output. Numbers of 64 bits, addresses and masks are hexadecimal texts. */
export type FieldValue = string | number;

/** The differences between guest time and host time of VMs; unknown before the first step of a VM. */
export class ClockOffsets {
  readonly #offsets = new Map<string, bigint>();

  /** Updates the offset from an event that has the virtual time. */
  observe({ id, vm, time, d }: TraceEvent): void {
    if (id !== TraceEventId.StepBegin && id !== TraceEventId.StepEnd) return;
    this.#offsets.set(vm, BigInt.asUintN(64, d - BigInt(time)));
  }

  /** Guest time minus host time, modulo 2^64. */
  of(vm: string): bigint {
    return this.#offsets.get(vm) ?? 0n;
  }
}

/** Registers of the first two arguments of a hypervisor call, by its instruction; X1 and X2 of Arm's. */
const ARGUMENTS: Readonly<Partial<Record<string, readonly [string, string]>>> = {
  vmcall: ['rbx', 'rcx'],
  vmmcall: ['rbx', 'rcx'],
};

/** The fields of an event by name, in order. */
export function fieldsOf(event: TraceEvent, offsets: ClockOffsets): Readonly<Record<string, FieldValue>> {
  const { vcpu } = event;
  return { ...(vcpu === NO_VCPU ? {} : { vcpu_id: vcpu }), ...ownFields(event, offsets) };
}

function ownFields(event: TraceEvent, offsets: ClockOffsets): Readonly<Record<string, FieldValue>> {
  const { name, detail, a, b, c, d } = event;
  switch (event.id as TraceEventId) {
    case TraceEventId.GuestEntry:
      return { guest_ip: hexadecimal(c), cause: name, ...vdev(detail), instructions: Number(d) };
    case TraceEventId.GuestExit:
      return {
        status: b,
        hw_reason: hexadecimal(a, 8),
        clockcycles_offset: hexadecimal(offsets.of(event.vm)),
        guest_ip: hexadecimal(c),
        payload: hexadecimal(d),
        cause: name,
        ...vdev(detail),
      };
    case TraceEventId.VcpuCreated:
      return {};
    case TraceEventId.InterruptAsserted:
    case TraceEventId.InterruptDeasserted:
      return { interrupt: a, source: name };
    case TraceEventId.TimerCreated:
    case TraceEventId.TimerFired:
      return { timer: name, deadline: Number(c) };
    case TraceEventId.Cycles:
      return { at_entry: hexadecimal(c), at_exit: hexadecimal(d) };
    case TraceEventId.VcpuState:
    case TraceEventId.VmState:
      return { from: detail, to: name };
    case TraceEventId.StepBegin:
      return { guest_time: Number(d) };
    case TraceEventId.StepEnd:
      return { guest_time: Number(d), idle: a };
    case TraceEventId.VdevAccess:
      return {
        vdev: name,
        access: (b & ACCESS_WRITE) !== 0 ? 'write' : 'read',
        offset: hexadecimal(a),
        width: b & 0xff,
        value: hexadecimal(c),
        address: hexadecimal(d),
      };
    case TraceEventId.Hypercall: {
      const [first, second] = ARGUMENTS[name] ?? ['x1', 'x2'];
      return {
        conduit: name,
        function: hexadecimal(a),
        immediate: b,
        [first]: hexadecimal(c),
        [second]: hexadecimal(d),
      };
    }
    default:
      return { name, detail, a: hexadecimal(a), b: hexadecimal(b), c: hexadecimal(c), d: hexadecimal(d) };
  }
}

function vdev(name: string): Readonly<Record<string, string>> {
  return name === '' ? {} : { vdev: name };
}
