import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { AccessInfo, EngineState, PAGE_BITS, TlbEntry } from './layout.js';
import { emitEntryOffset } from './tlb-lookup.js';

/** Parameters of one lookup in the software TLB. @internal */
export interface ProbeRequest {
  /** Local: address of the vCPU's state. */
  readonly cpu: number;
  /** Local: address of the TLB bank, in code during which it cannot change. */
  readonly bank: number | undefined;
  /** Local: the virtual address, an i64. */
  readonly va: number;
  /** Local: a temporary i32. */
  readonly entry: number;
  /** Local: receives the VM memory address. */
  readonly address: number;
  readonly bytes: number;
  /** Size of one element in bytes; elements are aligned. */
  readonly element: number;
  /** {@link AccessInfo}. */
  readonly info: number;
  /** Whether a misaligned access misses; otherwise only an access that crosses a page does. */
  readonly exactAlignment: boolean;
  /** Whether the probe may be widened later. */
  readonly widening: boolean;
  /** Emits the code for a miss, which pushes an address or does not return. */
  miss(): void;
}

const I64_CONST = 0x42;
const NOP = 0x01;
const PAGE_MASK_LO = -(1 << PAGE_BITS);

/**
 * The code of a TLB lookup: compares the page of the access's last byte with the tag of the entry for its first byte.
 * The range of bytes that it covers, and whether it covers writes, may grow after it was emitted, when later accesses
 * turn out to be near.
 *
 * @internal
 */
export class Probe {
  #low = 0;
  #reach = 0;
  #tag = 0;

  constructor(
    private readonly code: CodeBuffer,
    request: ProbeRequest,
  ) {
    this.#emitEntry(request);
    this.#emitCompare(request);
    const { va, entry, address } = request;
    code.if(Ty.i32);
    code.get(va).op(Op.i32_wrap_i64).get(entry).memory(Op.i32_load, TlbEntry.addend).op(IntOp.add[0]);
    code.else();
    request.miss();
    code.end().set(address);
  }

  /**
   * Makes the probe cover all bytes from `low` (0 or less) up to `high`, relative to the address.
   *
   * @param write - whether to check for writes, which are allowed only where reads are.
   */
  widen(low: number, high: number, write: boolean): void {
    if (low < 0) this.#patchAdd(this.#low, low);
    this.#patchAdd(this.#reach, high - 1);
    if (write) this.code.patch(this.#tag, TlbEntry.writeTag);
  }

  #emitEntry({ cpu, bank, va, entry, info, widening }: ProbeRequest): void {
    const { code } = this;
    if (info & AccessInfo.unprivileged) code.get(cpu).memory(Op.i32_load, EngineState.unprivilegedBank);
    else if (bank !== undefined) code.get(bank);
    else code.get(cpu).memory(Op.i32_load, EngineState.bank);
    code.get(va);
    this.#low = code.length;
    if (widening) for (let i = 0; i < PATCH_BYTES; i++) code.byte(NOP);
    emitEntryOffset(code);
    code.op(IntOp.add[0]).tee(entry);
  }

  #emitCompare({ va, bytes, element, info, exactAlignment, widening }: ProbeRequest): void {
    const { code } = this;
    code.memory(Op.i64_load, info & AccessInfo.write ? TlbEntry.writeTag : TlbEntry.readTag);
    this.#tag = code.length - 1;
    code.get(va);
    const exact = exactAlignment || (info & AccessInfo.aligned) !== 0;
    const reach = exact ? bytes - element : bytes - 1;
    this.#reach = code.length;
    if (widening) this.#emitAdd(reach);
    else if (reach > 0) code.i64(reach).op(IntOp.add[1]);
    code
      .i64(PAGE_MASK_LO | (exact ? element - 1 : 0), -1)
      .op(IntOp.and[1])
      .op(IntOp.eq[1]);
  }

  /** Emits `i64.const n; i64.add` in {@link PATCH_BYTES} bytes, for −8192 ≤ n < 8192. */
  #emitAdd(n: number): void {
    this.code
      .byte(I64_CONST)
      .byte((n & 0x7f) | 0x80)
      .byte((n >> 7) & 0x7f)
      .byte(IntOp.add[1]);
  }

  /** Replaces bytes by those of an addition. */
  #patchAdd(at: number, n: number): void {
    const { code } = this;
    code.patch(at, I64_CONST);
    code.patch(at + 1, (n & 0x7f) | 0x80);
    code.patch(at + 2, (n >> 7) & 0x7f);
    code.patch(at + 3, IntOp.add[1]);
  }
}

const PATCH_BYTES = 4;
