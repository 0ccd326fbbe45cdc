import type { VmMemory } from '@qvm/core/architecture';
import { BOUNCE_BYTES, EngineState } from '@qvm/jit';
import type { RecordPlan } from '@qvm/jit';

/**
 * The record that a vCPU is at, and the address of its instruction.
 *
 * @experimental
 */
export interface CpuPosition {
  /** Address of the record. */
  readonly ip: number;
  /** `EngineState.pcBias`, low and high half. */
  readonly biasLo: number;
  /** See {@link CpuPosition.biasLo}. */
  readonly biasHi: number;
}

/**
 * The state of one vCPU, as far as the engine knows it: typed access to the bytes that generated code uses. An
 * architecture adds the names of its registers, which follow those of {@link EngineState}.
 *
 * @experimental
 */
export class CpuState {
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;

  /** Bytes of VM memory for a state of `end` bytes and the bounce buffer below it. */
  static bytesFor(end: number): number {
    return BOUNCE_BYTES + end;
  }

  /** Allocates a state of `end` bytes with its bounce buffer below; returns the state's address, a multiple of 64. */
  static place(memory: VmMemory, end: number): number {
    return memory.allocate(CpuState.bytesFor(end), 64) + BOUNCE_BYTES;
  }

  /**
   * @param address - address of the state in the VM's memory, a multiple of 16.
   * @param plan - layout of the records of the architecture's instructions, in the mode after a reset.
   */
  constructor(
    /** The memory of the VM, in which the state is. */
    protected readonly memory: VmMemory,
    readonly address: number,
    private plan: RecordPlan,
  ) {
    this.#u32 = memory.u32;
    this.#u64 = memory.u64;
  }

  /** The 32 bits at an offset of the state, unsigned. */
  u32(offset: number): number {
    return this.#u32[(this.address + offset) >>> 2] as number;
  }

  /** Sets the 32 bits at an offset. */
  setU32(offset: number, value: number): void {
    this.#u32[(this.address + offset) >>> 2] = value;
  }

  /** The 64 bits at an offset, a multiple of 8, unsigned. */
  u64(offset: number): bigint {
    return this.#u64[(this.address + offset) >>> 3] as bigint;
  }

  /** Sets the 64 bits at an offset, a multiple of 8. */
  setU64(offset: number, value: bigint): void {
    this.#u64[(this.address + offset) >>> 3] = value;
  }

  /** Copies 64 bits from one field to another. */
  copy64(from: number, to: number): void {
    this.setU32(to, this.u32(from));
    this.setU32(to + 4, this.u32(from + 4));
  }

  /** The program counter: the virtual address of the instruction whose record is at `ip`. */
  get pc(): bigint {
    return BigInt.asUintN(64, this.u64(EngineState.pcBias) + BigInt(this.#pcAddend));
  }

  /** Bits 31–0 of {@link CpuState.pc}. Exceptions use halves, which need no BigInt. */
  get pcLo(): number {
    return (this.u32(EngineState.pcBias) + this.#pcAddend) >>> 0;
  }

  /** Bits 63–32 of {@link CpuState.pc}. */
  get pcHi(): number {
    const carry = this.u32(EngineState.pcBias) + this.#pcAddend > 0xffff_ffff ? 1 : 0;
    return (this.u32(EngineState.pcBias + 4) + carry) >>> 0;
  }

  /** Address of the slot of the record at `ip`. */
  get slot(): number {
    return this.plan.slotOf(this.u32(EngineState.ip));
  }

  /** Virtual address of the page of the record at `ip`. The record after a page's last instruction belongs to that page. */
  get page(): bigint {
    const offset = this.plan.offsetOf(this.memory, this.u32(EngineState.ip));
    return BigInt.asUintN(64, this.pc - BigInt(offset));
  }

  /** Moves the vCPU to a record in a layout; `lo` and `hi` are the address of its instruction. */
  moveTo(record: number, lo: number, hi: number, plan: RecordPlan): void {
    this.plan = plan;
    this.setU32(EngineState.ip, record);
    const bias = lo - this.#pcAddend;
    this.setU32(EngineState.pcBias, bias >>> 0);
    this.setU32(EngineState.pcBias + 4, (bias < 0 ? hi - 1 : hi) >>> 0);
  }

  /** Moves the vCPU to the record at which it must begin to execute the present instruction. */
  beginInstruction(): void {
    const ip = this.u32(EngineState.ip);
    const start = this.plan.startOf(this.memory, ip);
    if (start !== ip) this.setU32(EngineState.ip, start);
  }

  /**
   * Moves the vCPU to the record after the present instruction, which generated code has executed or returned at.
   *
   * @throws Error when the instruction has not been decoded.
   */
  endInstruction(): void {
    const next = this.plan.nextOf(this.memory, this.u32(EngineState.ip));
    if (next === 0) throw new Error('the present instruction has not been decoded');
    this.setU32(EngineState.ip, next);
  }

  /** The position of the vCPU, for {@link CpuState.moveBack}; valid until records are written or dropped. */
  get position(): CpuPosition {
    const ip = this.u32(EngineState.ip);
    return { ip, biasLo: this.u32(EngineState.pcBias), biasHi: this.u32(EngineState.pcBias + 4) };
  }

  /** Moves the vCPU back to a position. */
  moveBack({ ip, biasLo, biasHi }: CpuPosition): void {
    this.setU32(EngineState.ip, ip);
    this.setU32(EngineState.pcBias, biasLo);
    this.setU32(EngineState.pcBias + 4, biasHi);
  }

  get #pcAddend(): number {
    return this.plan.pcAddend(this.memory, this.u32(EngineState.ip));
  }
}
