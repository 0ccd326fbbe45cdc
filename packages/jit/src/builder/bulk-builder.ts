import type { V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';
import { MemoryBuilder } from './memory-builder.js';

/**
 * Changes of many bytes by one instruction: instructions that repeat themselves (string instructions with a repeat
 * prefix, memory copy and set) perform several rounds at once. Each further round counts as an instruction, so that
 * instruction counts do not depend on how the rounds are grouped.
 *
 * @experimental
 */
export abstract class BulkBuilder extends MemoryBuilder {
  /**
   * Number of instructions that may be retired at once in addition to the present one: an i32, which may be negative.
   */
  spareInstructions(): V {
    return this.backEnd.spareInstructions();
  }

  /** Counts further instructions as retired: an i32, at most {@link BulkBuilder.spareInstructions}. */
  retireMore(count: V): void {
    this.effects.push({ kind: 'retire', count: this.useOf(this.as(count, Ty.i32)) });
  }

  /**
   * `v` if the access at `va` that was opened goes directly to memory, so that the other bytes of its page may be
   * accessed in the same way; otherwise `other`. Call it after the last access of the instruction was opened.
   */
  whereDirect(va: V, access: 'read' | 'write', v: V, other: V): V {
    if (this.backEnd.opensDirectly) return v;
    return this.select(this.isMapped(va, access), v, other);
  }

  /** Sets `bytes` bytes (an i32) from an opened address plus `offset` on to the low byte of `v`. */
  fillAt(m: V, offset: number, v: V, bytes: V): void {
    this.#push(Op.memory_fill, this.#at(m, offset), this.as(v, Ty.i32), bytes);
  }

  /** Copies `bytes` bytes (an i32) between opened addresses plus `offset`; the ranges do not overlap. */
  copyAt(to: V, from: V, offset: number, bytes: V): void {
    this.#push(Op.memory_copy, this.#at(to, offset), this.#at(from, offset), bytes);
  }

  #at(m: V, offset: number): V {
    return offset === 0 ? m : this.add(m, this.i32(offset));
  }

  #push(op: number, to: V, source: V, bytes: V): void {
    const count = this.as(bytes, Ty.i32);
    // It is used twice: for the test whether there is anything to do, and as operand.
    this.useOf(count);
    this.effects.push({
      kind: 'bulk',
      op,
      address: this.useOf(to),
      value: this.useOf(source),
      bytes: this.useOf(count),
    });
  }
}
