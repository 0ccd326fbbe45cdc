/*
 * Arm PrimeCell General Purpose Input/Output (PL061), from the Technical Reference Manual DDI 0190.
 *
 * Eight lines, of which line 3 is the power button, as on QEMU's virt board; the others are not connected. Models
 * masked data accesses, directions and all kinds of interrupts. Omits the mode control's effect and the
 * integration-test registers.
 */
import { RegisterBlock, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { PowerButton } from '@qvm/core/services';
import type {
  AccessWidth,
  ClockTimer,
  DeviceTreeContext,
  DeviceTreeNode,
  InterruptLine,
  MmioHandler,
  Vdev,
  VdevContext,
  VdevState,
} from '@qvm/core/vdev';
import { PRIMECELL_SIZE, primeCellNode } from '../primecell.js';
import { pl061Registers } from './registers.js';
import type { Pl061Operations, Pl061RegisterName } from './registers.js';

const STATE_VERSION = 1;
/** End of GPIODATA, in which bits 9–2 of the address are the mask (DDI 0190 §3.3.1). */
const DATA_END = 0x400;
const POWER_LINE = 3;
const POWER_BIT = 1 << POWER_LINE;
/** Duration of a press, longer than the time that drivers wait for the contact to settle. */
const PRESS_NS = 100_000_000;
/** Linux, include/uapi/linux/input-event-codes.h. */
const KEY_POWER = 116;
const ACTIVE_HIGH = 0;

/** @internal */
export class Pl061 implements Vdev, Pl061Operations, MmioHandler, PowerButton {
  readonly mmio: Readonly<Record<string, MmioHandler>> = { registers: this };
  readonly #context: VdevContext;
  readonly #registers: RegisterBlock<Pl061Operations, Pl061RegisterName>;
  readonly #interrupt: InterruptLine;
  readonly #release: ClockTimer;
  /** Levels that the guest drives on output lines. */
  #outputs = 0;
  /** Levels driven from outside on input lines. */
  #inputs = 0;
  /** The lines at the last check for interrupts, for detecting edges. */
  #seen = 0;
  #presses = 0;

  constructor(context: VdevContext) {
    this.#context = context;
    this.#registers = new RegisterBlock(pl061Registers, this as Pl061Operations, PRIMECELL_SIZE);
    this.#interrupt = context.interrupt('gpio');
    this.#release = context.clock.createTimer(`${context.name} power button`, () => this.#setInput(0));
  }

  /** The press reaches the guest through the line's interrupt, if the guest has enabled it. */
  press(): boolean {
    if ((this.#registers.get('GPIOIE') & POWER_BIT) === 0) return false;
    this.#presses++;
    this.#release.arm(this.#context.clock.now() + PRESS_NS);
    this.#setInput(POWER_BIT);
    return true;
  }

  read(offset: number, width: AccessWidth): number {
    if (offset >= DATA_END) return this.#registers.read(offset, width);
    return (offset & 3) === 0 ? this.#lines & dataMask(offset) : 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    if (offset >= DATA_END) {
      this.#registers.write(offset, width, value);
    } else if ((offset & 3) === 0) {
      const mask = dataMask(offset);
      this.#outputs = (this.#outputs & ~mask) | (value & mask);
      this.#update();
    }
  }

  reset(): void {
    this.#registers.reset();
    this.#release.cancel();
    this.#outputs = 0;
    this.#inputs = 0;
    this.#seen = 0;
    this.#update();
  }

  save(): VdevState {
    const state = { registers: this.#registers.save(), outputs: this.#outputs, inputs: this.#inputs, seen: this.#seen };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['registers', 'outputs', 'inputs', 'seen'], 'pl061 state');
    const registers = this.#registers.decode(state.registers);
    const outputs = requireUnsigned(state.outputs, 0xff, 'outputs');
    const inputs = requireUnsigned(state.inputs, 0xff, 'inputs');
    this.#seen = requireUnsigned(state.seen, 0xff, 'seen');
    this.#outputs = outputs;
    this.#inputs = inputs;
    this.#registers.load(registers);
    // The state has no press in progress, so a current one ends.
    if (inputs === 0) this.#release.cancel();
    else this.#release.arm(this.#context.clock.now() + PRESS_NS);
    this.#interrupt.set(this.maskedInterrupts() !== 0);
  }

  status(): Readonly<Record<string, Json>> {
    return {
      lines: this.#lines,
      presses: this.#presses,
      buttonEnabled: (this.#registers.get('GPIOIE') & POWER_BIT) !== 0,
      registers: this.#registers.save(),
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const resources = { base: this.#context.mmioBase.registers ?? 0, interrupt: this.#interrupt.number };
    const phandle = context.phandle(this.#context.name);
    const controller = primeCellNode('pl061', ['apb_pclk'], resources, context);
    return [
      {
        ...controller,
        properties: {
          ...controller.properties,
          'gpio-controller': true,
          '#gpio-cells': { cells: [2] },
          phandle: { cells: [phandle] },
        },
      },
      {
        name: 'gpio-keys',
        properties: { compatible: 'gpio-keys' },
        children: [
          {
            name: 'poweroff',
            properties: {
              label: 'GPIO Key Poweroff',
              'linux,code': { cells: [KEY_POWER] },
              gpios: { cells: [phandle, POWER_LINE, ACTIVE_HIGH] },
            },
          },
        ],
      },
    ];
  }

  dispose(): void {
    this.#release.dispose();
  }

  configurationChanged(): void {
    this.#update();
  }

  maskedInterrupts(): number {
    return this.#registers.get('GPIORIS') & this.#registers.get('GPIOIE');
  }

  clearInterrupts(value: number): void {
    this.#registers.set('GPIORIS', this.#registers.get('GPIORIS') & ~value);
    // An interrupt whose level is still active is pending again at once.
    this.#update();
  }

  /** The levels of the lines: those of outputs as driven by the guest, those of inputs as driven from outside. */
  get #lines(): number {
    const direction = this.#registers.get('GPIODIR');
    return (this.#outputs & direction) | (this.#inputs & ~direction);
  }

  #setInput(inputs: number): void {
    this.#inputs = inputs;
    this.#update();
  }

  /** DDI 0190 §3.3.3–3.3.8: edges are latched until cleared, levels follow the line. */
  #update(): void {
    const lines = this.#lines;
    const changed = lines ^ this.#seen;
    this.#seen = lines;
    const levelSensed = this.#registers.get('GPIOIS');
    const event = this.#registers.get('GPIOIEV');
    const matching = ~(lines ^ event);
    const edges = changed & (this.#registers.get('GPIOIBE') | matching) & ~levelSensed;
    const latched = this.#registers.get('GPIORIS') & ~levelSensed;
    this.#registers.set('GPIORIS', latched | edges | (matching & levelSensed));
    this.#interrupt.set(this.maskedInterrupts() !== 0);
  }
}

/** Bits 9–2 of the address. */
function dataMask(offset: number): number {
  return offset >>> 2;
}
