/*
 * Arm Watchdog Module (SP805), from the Technical Reference Manual DDI 0270.
 *
 * Counts down twice: the first time-out raises the interrupt, the second one bites unless the guest has cleared the
 * interrupt between them. Omits the integration-test registers.
 */
import { RegisterBlock, requireBoolean, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type {
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
import { sp805Registers } from './registers.js';
import type { Sp805Operations, Sp805RegisterName } from './registers.js';

const STATE_VERSION = 1;
const RESET_LOAD = 0xffff_ffff;
const INTEN = 1 << 0;
const RESEN = 1 << 1;
const UNLOCK_KEY = 0x1acc_e551;
/** Exit code of a VM that its watchdog ends. */
const WATCHDOG_EXIT_CODE = 4;

/** Effect of the second time-out: it ends the VM, or raises the second interrupt. */
export type Sp805Action = 'terminate' | 'fiq';

const STATE_MEMBERS = ['registers', 'load', 'control', 'locked', 'left', 'bitten'];

/** @internal */
export class Sp805 implements Vdev, Sp805Operations {
  readonly mmio: Readonly<Record<string, MmioHandler>>;
  readonly #context: VdevContext;
  readonly #registers: RegisterBlock<Sp805Operations, Sp805RegisterName>;
  readonly #interrupt: InterruptLine;
  readonly #bite: InterruptLine | undefined;
  readonly #timer: ClockTimer;
  readonly #frequency: number;
  #load = RESET_LOAD;
  #control = 0;
  #locked = false;
  /** Remaining ticks when the counter stopped; while it runs, those at `#since`. */
  #left = RESET_LOAD;
  /** Virtual time at which `#left` was valid. */
  #since = 0;
  #bitten = false;

  constructor(context: VdevContext, frequency: number, action: Sp805Action) {
    this.#context = context;
    this.#frequency = frequency;
    this.#registers = new RegisterBlock(sp805Registers, this as Sp805Operations, PRIMECELL_SIZE);
    this.mmio = { registers: { read: this.#read, write: this.#write } };
    this.#interrupt = context.interrupt('watchdog');
    this.#bite = action === 'fiq' ? context.interrupt('bite') : undefined;
    this.#timer = context.clock.createTimer(`${context.name} counter`, () => this.#expired());
  }

  reset(): void {
    this.#registers.reset();
    this.#load = RESET_LOAD;
    this.#control = 0;
    this.#locked = false;
    this.#left = RESET_LOAD;
    this.#bitten = false;
    this.#timer.cancel();
    this.#updateInterrupt();
  }

  save(): VdevState {
    const state = {
      registers: this.#registers.save(),
      load: this.#load,
      control: this.#control,
      locked: this.#locked,
      left: this.remaining(),
      bitten: this.#bitten,
    };
    return { version: STATE_VERSION, state };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, STATE_MEMBERS, 'wdt-sp805 state');
    const registers = this.#registers.decode(state.registers);
    const load = requireUnsigned(state.load, RESET_LOAD, 'load');
    const control = requireUnsigned(state.control, INTEN | RESEN, 'control');
    const left = requireUnsigned(state.left, RESET_LOAD, 'left');
    const locked = requireBoolean(state.locked, 'locked');
    this.#bitten = requireBoolean(state.bitten, 'bitten');
    this.#registers.load(registers);
    this.#load = load;
    this.#control = control;
    this.#locked = locked;
    this.#startAt(left);
    this.#updateInterrupt();
  }

  status(): Readonly<Record<string, Json>> {
    return {
      counting: this.#counting,
      secondsLeft: this.remaining() / this.#frequency,
      barked: this.#registers.get('WdogRIS') !== 0,
      bitten: this.#bitten,
      locked: this.#locked,
      load: this.#load,
      control: this.#control,
    };
  }

  deviceTree(context: DeviceTreeContext): readonly DeviceTreeNode[] {
    const base = this.#context.mmioBase.registers ?? 0;
    const clock = context.phandle(`${this.#context.name} clock`);
    const node = primeCellNode('sp805', [], { base, interrupt: this.#interrupt.number }, context);
    return [
      {
        name: `watchdog-clock-${base.toString(16)}`,
        properties: {
          compatible: 'fixed-clock',
          '#clock-cells': { cells: [0] },
          'clock-frequency': { cells: [this.#frequency] },
          phandle: { cells: [clock] },
        },
      },
      {
        ...node,
        name: `watchdog@${base.toString(16)}`,
        properties: {
          ...node.properties,
          interrupts: { cells: this.#interruptCells(context) },
          'clock-names': ['wdog_clk', 'apb_pclk'],
          clocks: { cells: [clock, context.phandle('apb-pclk')] },
        },
      },
    ];
  }

  dispose(): void {
    this.#timer.dispose();
  }

  load(): number {
    return this.#load;
  }

  /** §3.3.1: the smallest valid value is 1. */
  setLoad(value: number): void {
    this.#load = Math.max(1, value);
    this.#startAt(this.#load);
  }

  remaining(): number {
    if (!this.#counting || this.#bitten) return this.#left;
    const passed = Math.floor(((this.#context.clock.now() - this.#since) * this.#frequency) / 1e9);
    if (passed < this.#left) return this.#left - passed;
    return this.#willAct ? 0 : this.#load - ((passed - this.#left) % this.#load);
  }

  control(): number {
    return this.#control;
  }

  /** §3.3.3: a transition of INTEN from 0 to 1 reloads the counter; one to 0 stops it. */
  setControl(value: number): void {
    const left = (value & ~this.#control & INTEN) === 0 ? this.remaining() : this.#load;
    this.#control = value;
    this.#startAt(left);
    this.#updateInterrupt();
  }

  clearInterrupt(): void {
    this.#registers.set('WdogRIS', 0);
    this.#bitten = false;
    this.#startAt(this.#load);
    this.#updateInterrupt();
  }

  maskedInterrupt(): number {
    return this.#counting ? this.#registers.get('WdogRIS') : 0;
  }

  isLocked(): number {
    return Number(this.#locked);
  }

  setLock(value: number): void {
    this.#locked = value !== UNLOCK_KEY;
  }

  get #counting(): boolean {
    return (this.#control & INTEN) !== 0;
  }

  /** Whether the counter's next time-out has an effect: after the first one, only a bite can follow. */
  get #willAct(): boolean {
    return this.#registers.get('WdogRIS') === 0 || (this.#control & RESEN) !== 0;
  }

  readonly #read: MmioHandler['read'] = (offset, width) => {
    this.#catchUp();
    return this.#registers.read(offset, width);
  };

  /** While locked, only the lock register can be written (§3.3.7). */
  readonly #write: MmioHandler['write'] = (offset, width, value) => {
    this.#catchUp();
    if (this.#locked && offset !== sp805Registers.WdogLock.offset) return;
    this.#registers.write(offset, width, value);
  };

  #interruptCells(context: DeviceTreeContext): readonly number[] {
    return [this.#interrupt, ...(this.#bite === undefined ? [] : [this.#bite])].flatMap(({ number }) =>
      context.interruptCells(number, 'level'),
    );
  }

  #startAt(ticks: number): void {
    this.#left = ticks;
    this.#since = this.#context.clock.now();
    if (this.#counting && this.#willAct) this.#timer.arm(this.#since + Math.ceil((ticks * 1e9) / this.#frequency));
    else this.#timer.cancel();
  }

  /** The host's timer may be late: if the guest reads a counter that has expired, the interrupt must be raised. */
  #catchUp(): void {
    const { deadline } = this.#timer;
    if (deadline === undefined || deadline > this.#context.clock.now()) return;
    this.#timer.cancel();
    this.#expired();
  }

  #expired(): void {
    const again = this.#registers.get('WdogRIS') !== 0;
    this.#registers.set('WdogRIS', 1);
    if (again && (this.#control & RESEN) !== 0) this.#expiredTwice();
    else this.#startAt(this.#load);
    this.#updateInterrupt();
  }

  #expiredTwice(): void {
    // The counter stops, so a bite happens once.
    this.#bitten = true;
    this.#left = 0;
    this.#since = this.#context.clock.now();
    if (this.#bite === undefined) {
      this.#context.terminate(WATCHDOG_EXIT_CODE, 'the guest did not serve its watchdog in time');
    }
  }

  #updateInterrupt(): void {
    this.#interrupt.set(this.maskedInterrupt() !== 0);
    this.#bite?.set(this.#bitten);
  }
}
