import { QvmError } from '@qvm/core';
import type { AccessWidth } from '@qvm/core/vdev';

/**
 * One register of a frame, or an array of them at consecutive words. Without `read` it reads as zero; without `write`,
 * writes are ignored.
 *
 * @typeParam Target - the object that the functions act on.
 */
export interface FrameRegister<Target> {
  /** Bytes from the start of the frame; a multiple of 4. */
  readonly offset: number;
  readonly name: string;
  readonly access: 'rw' | 'ro' | 'wo' | 'raz';
  readonly description: string;
  /** Words of an array of registers. Default 1. */
  readonly words?: number;
  /** Whether accesses of 1 and 2 bytes reach it, too (IHI 0069, 12.1). */
  readonly bytes?: boolean;
  read?(target: Target, index: number): number;
  /** `mask` has the bits that the access covers; it is all ones unless `bytes`. */
  write?(target: Target, index: number, value: number, mask: number): void;
}

/** A frame of 32-bit registers, driven by its table. Words without a register read as zero and ignore writes. */
export class RegisterFrame<Target> {
  readonly #registers: readonly FrameRegister<Target>[];
  /** Index of the register in the table plus one, by word offset; 0 for none. */
  readonly #slots: Uint8Array;

  /**
   * @param size - size of the frame in bytes.
   * @throws QvmError `vdev.register-layout` when registers overlap, are unaligned or outside the frame.
   */
  constructor(registers: readonly FrameRegister<Target>[], size: number) {
    this.#registers = registers;
    this.#slots = new Uint8Array(size / 4);
    registers.forEach((register, place) => this.#place(register, place + 1));
  }

  read(target: Target, offset: number, width: AccessWidth): number {
    const register = this.#find(offset);
    if (register?.read === undefined || (width !== 4 && register.bytes !== true)) return 0;
    const value = register.read(target, (offset - register.offset) >>> 2);
    return width === 4 ? value >>> 0 : (value >>> laneShift(offset)) & laneMask(width);
  }

  write(target: Target, offset: number, width: AccessWidth, value: number): void {
    const register = this.#find(offset);
    if (register?.write === undefined || (width !== 4 && register.bytes !== true)) return;
    const shift = laneShift(offset);
    register.write(target, (offset - register.offset) >>> 2, (value << shift) >>> 0, laneMask(width) << shift);
  }

  #find(offset: number): FrameRegister<Target> | undefined {
    return this.#registers[(this.#slots[offset >>> 2] ?? 0) - 1];
  }

  #place({ name, offset, words = 1 }: FrameRegister<Target>, mark: number): void {
    const first = offset / 4;
    if (!Number.isInteger(first) || first < 0 || first + words > this.#slots.length || mark > 0xff) {
      throw new QvmError('vdev.register-layout', `The register ${name} is unaligned or outside its frame.`);
    }
    if (this.#slots.subarray(first, first + words).some((taken) => taken !== 0)) {
      throw new QvmError('vdev.register-layout', `The register ${name} overlaps another one.`);
    }
    this.#slots.fill(mark, first, first + words);
  }
}

function laneShift(offset: number): number {
  return (offset & 3) * 8;
}

function laneMask(width: AccessWidth): number {
  return width === 4 ? -1 : (1 << (width * 8)) - 1;
}
