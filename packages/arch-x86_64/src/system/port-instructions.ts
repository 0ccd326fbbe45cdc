import type { AccessWidth } from '@qvm/core/vdev';
import { Gpr, SegmentRegister, State, SystemOperation } from '@qvm/isa-x86_64';
import { SystemType } from '../state/attributes.js';
import { IOPL_SHIFT } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import { Outcome } from '../vcpu/outcome.js';
import { segmentAllows, segmentVector } from '../state/segment-checks.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { fromWords, Rights } from './linear-memory.js';

/** Offset of the field with the offset of the I/O permission bit map in a task-state segment. */
const MAP_BASE = 102;
/** Rounds of REP INS and REP OUTS that one exit performs; then interrupts are taken. */
const ROUNDS = 256;

/** The I/O ports, as the vCPU accesses them. @experimental */
export interface Ports {
  /** The value of a port, zero-extended, unsigned. */
  read(port: number, width: AccessWidth): number;
  /** Writes to a port. */
  write(port: number, width: AccessWidth, value: number): void;
}

/**
 * IN, OUT, INS and OUTS (SDM vol. 1, 19; vol. 2).
 *
 * @experimental
 */
export class PortInstructions {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
    private readonly ports: Ports,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    const { operands, core } = this;
    const dx = (): number => core.state.gpr32(Gpr.RDX) & 0xffff;
    return {
      [Op.InImmediate]: () => this.#in(operands.immediate),
      [Op.InDx]: () => this.#in(dx()),
      [Op.OutImmediate]: () => this.#out(operands.immediate),
      [Op.OutDx]: () => this.#out(dx()),
      [Op.Ins]: () => this.#string(dx(), true),
      [Op.Outs]: () => this.#string(dx(), false),
    };
  }

  /** Operand size: ports have at most 32 bits. */
  get #width(): AccessWidth {
    const { size } = this.operands;
    return size === 8 ? 4 : size;
  }

  #in(port: number): Outcome {
    const { state } = this.core;
    const width = this.#width;
    if (!this.#allowed(port, width)) return Outcome.Fault;
    const value = this.ports.read(port, width);
    if (width === 4) state.setGpr32(Gpr.RAX, value);
    else if (width === 2) state.setGpr16(Gpr.RAX, value);
    else state.setGpr16(Gpr.RAX, (state.gpr32(Gpr.RAX) & 0xff00) | value);
    return Outcome.Next;
  }

  #out(port: number): Outcome {
    const width = this.#width;
    if (!this.#allowed(port, width)) return Outcome.Fault;
    const value = this.core.state.gpr32(Gpr.RAX);
    this.ports.write(port, width, width === 4 ? value : value & (2 ** (8 * width) - 1));
    return Outcome.Next;
  }

  /** Whether the privilege level may access a port: IOPL, or the bit map of the task (SDM vol. 1, 19.5). */
  #allowed(port: number, width: number): boolean {
    const { state, memory, fault } = this.core;
    const iopl = (state.systemFlags >>> IOPL_SHIFT) & 3;
    if (!state.protectedMode || (!state.virtual8086 && state.cpl <= iopl)) return true;
    const limit = state.limit(SegmentRegister.TR);
    const task = state.base(SegmentRegister.TR);
    const type = state.attributes(SegmentRegister.TR) & 0xf & ~2;
    if (type !== Number(SystemType.Tss) || limit < MAP_BASE + 1) return fault.protection();
    if (!memory.read(task + MAP_BASE, 2, Rights.Processor)) return false;
    const at = memory.lo + (port >>> 3);
    // Two bytes are read, as an access may need bits of both.
    if (at + 1 > limit) return fault.protection();
    if (!memory.read(task + at, 2, Rights.Processor)) return false;
    const bits = (memory.lo >>> (port & 7)) & ((1 << width) - 1);
    return bits === 0 || fault.protection();
  }

  // --- strings ---

  #string(port: number, input: boolean): Outcome {
    const { core, operands } = this;
    const { state } = core;
    const width = this.#width;
    const addressBytes = operands.addressBytes;
    const count = operands.repeats ? readPart(state.gpr(Gpr.RCX), addressBytes) : 1n;
    if (!this.#allowed(port, width)) return Outcome.Fault;
    for (let round = 0; round < ROUNDS && BigInt(round) < count; round++) {
      const done = input ? this.#inputRound(port, width, addressBytes) : this.#outputRound(port, width, addressBytes);
      if (!done) return Outcome.Fault;
      if (operands.repeats) this.#step(Gpr.RCX, -1, addressBytes);
    }
    // Further rounds follow when the instruction is executed again.
    return count > BigInt(ROUNDS) ? Outcome.Jumped : Outcome.Next;
  }

  #inputRound(port: number, width: AccessWidth, addressBytes: number): boolean {
    const { memory, state } = this.core;
    const address = this.#address(SegmentRegister.ES, Gpr.RDI, width, addressBytes, 'write');
    // A port is not read if its value has no place.
    if (address === undefined || !memory.probeWrite(address, width)) return false;
    if (!memory.write(address, width, this.ports.read(port, width))) return false;
    this.#step(Gpr.RDI, width * (state.u32(State.direction) | 0), addressBytes);
    return true;
  }

  #outputRound(port: number, width: AccessWidth, addressBytes: number): boolean {
    const { memory, state } = this.core;
    const address = this.#address(this.operands.segment, Gpr.RSI, width, addressBytes, 'read');
    if (address === undefined || !memory.read(address, width)) return false;
    this.ports.write(port, width, memory.lo);
    this.#step(Gpr.RSI, width * (state.u32(State.direction) | 0), addressBytes);
    return true;
  }

  /** Linear address of an element; undefined for a fault. */
  #address(
    segment: SegmentRegister,
    register: Gpr,
    width: number,
    addressBytes: number,
    access: 'read' | 'write',
  ): number | undefined {
    const { state, fault } = this.core;
    const offset = readPart(state.gpr(register), addressBytes);
    if (state.mode64) {
      const linear = BigInt.asUintN(64, offset + BigInt(state.base(segment)));
      if (BigInt.asIntN(48, linear) !== BigInt.asIntN(64, linear)) return failed(fault.protection());
      return fromWords(Number(linear & 0xffff_ffffn), Number(linear >> 32n));
    }
    if (!segmentAllows(state, segment, Number(offset), width, access))
      return failed(fault.raise(segmentVector(segment), 0));
    return (state.base(segment) + Number(offset)) >>> 0;
  }

  /** Adds to a register, as wide as addresses are. */
  #step(register: Gpr, distance: number, addressBytes: number): void {
    const { state } = this.core;
    const old = state.gpr(register);
    const value = BigInt.asUintN(addressBytes * 8, old + BigInt(distance));
    state.setGpr(register, addressBytes === 2 ? (old & ~0xffffn) | value : value);
  }
}

const readPart = (value: bigint, bytes: number): bigint => BigInt.asUintN(bytes * 8, value);

const failed = (_: false): undefined => undefined;
