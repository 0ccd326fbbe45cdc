/*
 * The PS/2 core of Altera (Intel), according to "University Program IP Cores: PS/2 Core for Altera DE-Series Boards"
 * and the register use of Linux, drivers/input/serio/altera_ps2.c. It has two words, and a FIFO for the device's
 * output.
 */
import { requireBoolean, requireObject } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { AccessWidth, DeviceTreeContext, DeviceTreeNode, InterruptLine } from '@qvm/core/vdev';
import type { Ps2Port } from './port.js';
import type { Ps2Device } from './ps2-device.js';

/** Size of a port's registers in bytes. @internal */
export const ALTERA_PS2_SIZE = 8;

const DATA = 0;
const CONTROL = 4;
/** Data register: the byte in bits 7–0 is valid. Bits 31–16 are RAVAIL, the number of bytes before the read. */
const RVALID = 1 << 15;
/** Control register: interrupt enable and interrupt pending. CE, for a byte that could not be sent, is never set. */
const RE = 1 << 0;
const RI = 1 << 8;

/** @internal */
export class AlteraPs2Port implements Ps2Port {
  readonly #device: Ps2Device;
  readonly #interrupt: InterruptLine;
  #interruptEnabled = false;

  constructor(device: Ps2Device, interrupt: InterruptLine) {
    this.#device = device;
    this.#interrupt = interrupt;
    device.output.onChange(() => this.#updateInterrupt());
  }

  read(offset: number, width: AccessWidth): number {
    if (width !== 4) return offset === DATA && width === 1 ? this.#readData() & 0xff : 0;
    return offset === DATA ? this.#readData() : this.#control;
  }

  write(offset: number, _width: AccessWidth, value: number): void {
    if (offset === DATA) {
      this.#device.receive(value & 0xff);
    } else if (offset === CONTROL) {
      this.#interruptEnabled = (value & RE) !== 0;
      this.#updateInterrupt();
    }
  }

  reset(): void {
    this.#interruptEnabled = false;
    this.#updateInterrupt();
  }

  save(): Json {
    return { interruptEnabled: this.#interruptEnabled };
  }

  decode(saved: unknown): () => void {
    const state = requireObject(saved, ['interruptEnabled'], 'port');
    const enabled = requireBoolean(state.interruptEnabled, 'interruptEnabled');
    return () => {
      this.#interruptEnabled = enabled;
      this.#updateInterrupt();
    };
  }

  deviceTree(base: number, context: DeviceTreeContext): readonly DeviceTreeNode[] {
    return [
      {
        name: `ps2@${base.toString(16)}`,
        properties: {
          compatible: 'altr,ps2-1.0',
          reg: { cells: context.reg(base, ALTERA_PS2_SIZE) },
          interrupts: { cells: context.interruptCells(this.#interrupt.number, 'level') },
        },
      },
    ];
  }

  get #pending(): boolean {
    return this.#device.output.available !== 0;
  }

  get #control(): number {
    return (this.#interruptEnabled ? RE : 0) | (this.#interruptEnabled && this.#pending ? RI : 0);
  }

  #readData(): number {
    const { output } = this.#device;
    const available = output.available;
    return available === 0 ? 0 : available * 0x1_0000 + RVALID + output.take();
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.#interruptEnabled && this.#pending);
  }
}
