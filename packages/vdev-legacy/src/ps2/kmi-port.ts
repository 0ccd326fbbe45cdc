/*
 * Arm PrimeCell PS2 Keyboard/Mouse Interface (PL050), according to the Technical Reference Manual DDI 0143. Bytes are
 * transferred at once, so the transmitter is always empty. Omits the integration-test registers and the forced lines.
 */
import { RegisterBlock, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { AccessWidth, DeviceTreeContext, DeviceTreeNode, InterruptLine } from '@qvm/core/vdev';
import { PRIMECELL_SIZE, primeCellNode } from '../primecell.js';
import { kmiRegisters } from './kmi-registers.js';
import type { KmiOperations, KmiRegisterName } from './kmi-registers.js';
import type { Ps2Port } from './port.js';
import type { Ps2Device } from './ps2-device.js';

const CR_KMIEN = 1 << 2;
const CR_TXINTREN = 1 << 3;
const CR_RXINTREN = 1 << 4;
const STAT_LINES_HIGH = 0b11;
const STAT_RXPARITY = 1 << 2;
const STAT_RXFULL = 1 << 4;
const STAT_TXEMPTY = 1 << 6;
const IR_RX = 1 << 0;
const IR_TX = 1 << 1;

/** @internal */
export class KmiPort implements Ps2Port, KmiOperations {
  readonly #device: Ps2Device;
  readonly #interrupt: InterruptLine;
  readonly #registers = new RegisterBlock<KmiOperations, KmiRegisterName>(kmiRegisters, this, PRIMECELL_SIZE);
  /** KMIDATA keeps the last byte until the next one arrives. */
  #last = 0;

  constructor(device: Ps2Device, interrupt: InterruptLine) {
    this.#device = device;
    this.#interrupt = interrupt;
    device.output.onChange(() => this.#updateInterrupt());
  }

  read(offset: number, width: AccessWidth): number {
    return this.#registers.read(offset, width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.#registers.write(offset, width, value);
  }

  reset(): void {
    this.#registers.reset();
    this.#last = 0;
    this.#updateInterrupt();
  }

  save(): Json {
    return { registers: this.#registers.save(), last: this.#last };
  }

  decode(saved: unknown): () => void {
    const state = requireObject(saved, ['registers', 'last'], 'port');
    const registers = this.#registers.decode(state.registers);
    const last = requireUnsigned(state.last, 0xff, 'last');
    return () => {
      this.#registers.load(registers);
      this.#last = last;
      this.#updateInterrupt();
    };
  }

  deviceTree(base: number, context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const resources = { base, interrupt: this.#interrupt.number };
    return [primeCellNode('pl050', ['KMIREFCLK', 'apb_pclk'], resources, context)];
  }

  controlChanged(): void {
    this.#updateInterrupt();
  }

  lineStatus(): number {
    const received = this.#received ? STAT_RXFULL : 0;
    const byte = this.#received ? this.#device.output.next : this.#last;
    return STAT_TXEMPTY | received | (oddParity(byte) ? STAT_RXPARITY : 0) | STAT_LINES_HIGH;
  }

  readData(): number {
    if (this.#received) this.#last = this.#device.output.take();
    return this.#last;
  }

  writeData(value: number): void {
    if (this.#enabled) this.#device.receive(value);
  }

  pendingInterrupts(): number {
    const control = this.#registers.get('KMICR');
    const received = (control & CR_RXINTREN) !== 0 && this.#received ? IR_RX : 0;
    const sent = (control & CR_TXINTREN) !== 0 && this.#enabled ? IR_TX : 0;
    return received | sent;
  }

  get #enabled(): boolean {
    return (this.#registers.get('KMICR') & CR_KMIEN) !== 0;
  }

  get #received(): boolean {
    return this.#enabled && this.#device.output.available !== 0;
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.pendingInterrupts() !== 0);
  }
}

/** The parity bit on the line: 1 if the byte has an even number of ones. */
function oddParity(byte: number): boolean {
  let ones = 0;
  for (let rest = byte; rest !== 0; rest >>>= 1) ones += rest & 1;
  return ones % 2 === 0;
}
