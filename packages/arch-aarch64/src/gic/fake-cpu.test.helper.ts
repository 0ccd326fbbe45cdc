import { QvmError } from '@qvm/core';
import type { AttachedCpu, SystemRegisterHandler } from '../system/cpu-attachment.js';
import { registerNamed } from '@qvm/isa-aarch64';

/** A vCPU that consists of interrupt inputs and system registers only. */
export class FakeCpu implements AttachedCpu {
  readonly index: number;
  readonly affinity: bigint;
  readonly registers = new Map<string, SystemRegisterHandler>();
  irq = false;
  fiq = false;
  /** Rising edges of the IRQ input. */
  irqs = 0;

  constructor(index: number, affinity = BigInt(index)) {
    this.index = index;
    this.affinity = affinity;
  }

  setIrq(level: boolean): void {
    if (level && !this.irq) this.irqs++;
    this.irq = level;
  }

  setFiq(level: boolean): void {
    this.fiq = level;
  }

  /** The INTID that the inputs signal. */
  pending: () => number | undefined = () => undefined;

  nameInterrupts(pending: () => number | undefined): void {
    this.pending = pending;
  }

  attachRegister(name: string, handler: SystemRegisterHandler): void {
    if (registerNamed(name).kind !== 'attached') throw new QvmError('test.register', `${name} is the vCPU's own`);
    if (this.registers.has(name)) throw new QvmError('test.register', `${name} is attached twice`);
    this.registers.set(name, handler);
  }

  readLong(name: string): bigint {
    const read = this.#handler(name).read;
    if (read === undefined) throw new QvmError('test.register', `${name} cannot be read`);
    return read();
  }

  read(name: string): number {
    return Number(this.readLong(name));
  }

  write(name: string, value: number | bigint): void {
    const write = this.#handler(name).write;
    if (write === undefined) throw new QvmError('test.register', `${name} cannot be written`);
    write(BigInt.asUintN(64, BigInt(value)));
  }

  #handler(name: string): SystemRegisterHandler {
    const handler = this.registers.get(name);
    if (handler === undefined) throw new QvmError('test.register', `there is no ${name}`);
    return handler;
  }
}
