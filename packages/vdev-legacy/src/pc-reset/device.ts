/*
 * The registers by which programs reset a PC: the reset control register at port CF9h (Intel ICH9 data sheet, RST_CNT)
 * and the system control port A at 92h, which has the gate of address line A20 too.
 */
import { MACHINE_POWER } from '@qvm/core/services';
import { BytePorts, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { MachinePower } from '@qvm/core/services';
import type { AccessWidth, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';

const STATE_VERSION = 1;

/** Port of the reset control register, and a value that resets. */
export const RESET_CONTROL_PORT = 0xcf9;
export const RESET_CONTROL_RESET = 0x06;
/** Offset of the reset control from port CF8h. */
const RESET_CONTROL = 1;
const RST_CPU = 1 << 2;
const RESET_CONTROL_BITS = 0x0e;

/** Port 92h. */
const INIT_NOW = 1 << 0;
const ALT_A20_GATE = 1 << 1;

/** @internal */
export class PcReset implements Vdev {
  readonly ports: Readonly<Record<string, PortHandler>> = {
    control: new BytePorts({
      readByte: (port) => (port === 0 ? this.#portA : 0xff),
      writeByte: (port, value) => {
        if (port === 0) this.#writePortA(value);
      },
    }),
  };

  /**
   * The reset control at port CF9h. The ports of PCI's configuration address, which begin at CF8h, belong to the host
   * bridge; it passes on the accesses of less than a double word.
   */
  readonly remainder: PortHandler = {
    read: (offset: number, width: AccessWidth): number =>
      offset === RESET_CONTROL && width === 1 ? this.#resetControl : 2 ** (8 * width) - 1,
    write: (offset: number, width: AccessWidth, value: number): void => {
      if (offset === RESET_CONTROL && width === 1) this.#writeResetControl(value);
    },
  };

  readonly #power: MachinePower;
  #resetControl = 0;
  /** Address line A20 is never masked; the bit is kept. */
  #portA = ALT_A20_GATE;

  constructor(context: VdevContext) {
    this.#power = context.attachment(MACHINE_POWER);
  }

  reset(): void {
    this.#resetControl = 0;
    this.#portA = ALT_A20_GATE;
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: { resetControl: this.#resetControl, portA: this.#portA } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['resetControl', 'portA'], 'pc-reset state');
    const resetControl = requireUnsigned(state.resetControl, RESET_CONTROL_BITS, 'resetControl') & RESET_CONTROL_BITS;
    this.#portA = requireUnsigned(state.portA, ALT_A20_GATE, 'portA') & ALT_A20_GATE;
    this.#resetControl = resetControl;
  }

  status(): Readonly<Record<string, Json>> {
    return { resetControl: this.#resetControl, a20: (this.#portA & ALT_A20_GATE) !== 0 };
  }

  dispose(): void {}

  /** A rise of RST_CPU resets; whether soft, hard or by power makes no difference. */
  #writeResetControl(value: number): void {
    const rises = (value & ~this.#resetControl & RST_CPU) !== 0;
    this.#resetControl = value & RESET_CONTROL_BITS;
    if (rises) this.#power.reset();
  }

  #writePortA(value: number): void {
    this.#portA = value & ALT_A20_GATE;
    if ((value & INIT_NOW) !== 0) this.#power.reset();
  }
}
