import { QvmError } from '../errors/qvm-error.js';
import { hasTaps } from '../hooks/tappable.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import type { InterruptController, InterruptLine, InterruptWiring } from './interrupt.js';

/** GICv3 identifiers have 24 bits at most (Arm IHI 0069, GICD_TYPER.IDbits). */
const NUMBER_LIMIT = 1 << 24;

/**
 * Statistics of one source, as `irqstat` shows them.
 *
 * @experimental
 */
export interface InterruptStatistics {
  /** Number of the input (Arm: INTID). */
  readonly number: number;
  /** The vCPU of a private input. */
  readonly vcpu: number | undefined;
  /** Name of the source: a vdev or a part of the machine. */
  readonly source: string;
  /** Number of rising edges. */
  readonly count: number;
  /** The source's current level. */
  readonly level: boolean;
}

/** One input of the controller. */
interface Input {
  readonly number: number;
  readonly vcpu: number | undefined;
  /** Number of sources that are high: the input's level is their OR. */
  high: number;
}

/** One source on an input. */
class Line implements InterruptLine {
  readonly input: Input;
  readonly source: string;
  readonly #moved: (line: Line, level: boolean) => void;
  #level = false;
  count = 0;

  constructor(input: Input, source: string, moved: (line: Line, level: boolean) => void) {
    this.input = input;
    this.source = source;
    this.#moved = moved;
  }

  get number(): number {
    return this.input.number;
  }

  get level(): boolean {
    return this.#level;
  }

  assert(): void {
    this.set(true);
  }

  deassert(): void {
    this.set(false);
  }

  set(level: boolean): void {
    if (level === this.#level) return;
    this.#level = level;
    if (level) this.count++;
    this.#moved(this, level);
  }

  pulse(): void {
    this.set(true);
    this.set(false);
  }
}

/**
 * Connects interrupt sources to the inputs of a VM's controller.
 *
 * @experimental
 */
export class InterruptBus implements InterruptWiring {
  readonly #vcpus: number;
  readonly #hooks: Pick<VmHooks, 'interruptRaised' | 'interruptLowered'>;
  readonly #inputs = new Map<string, Input>();
  readonly #lines: Line[] = [];
  /** The event of the hooks, reused so that an interrupt does not allocate. */
  readonly #event = { number: 0, vcpu: undefined as number | undefined, source: '' };
  #controller: InterruptController | undefined;

  /**
   * @param vcpus - number of vCPUs, each with its own private inputs.
   */
  constructor(vcpus: number, hooks: Pick<VmHooks, 'interruptRaised' | 'interruptLowered'>) {
    this.#vcpus = vcpus;
    this.#hooks = hooks;
  }

  /**
   * @throws `QvmError` `interrupt.number`.
   */
  line(number: number, source: string): InterruptLine {
    return this.#connect(number, undefined, source);
  }

  /**
   * @throws `QvmError` `interrupt.number`, `interrupt.vcpu`.
   */
  privateLine(number: number, vcpu: number, source: string): InterruptLine {
    if (!Number.isInteger(vcpu) || vcpu < 0 || vcpu >= this.#vcpus) {
      throw new QvmError('interrupt.vcpu', `${source} asks for an interrupt of vCPU ${vcpu}, of ${this.#vcpus}.`);
    }
    return this.#connect(number, vcpu, source);
  }

  /** @throws `QvmError` `interrupt.controller` when a controller is attached already. */
  attach(controller: InterruptController): void {
    if (this.#controller !== undefined) {
      throw new QvmError('interrupt.controller', 'The VM has an interrupt controller already.');
    }
    this.#controller = controller;
    for (const { number, vcpu, high } of this.#inputs.values()) {
      if (high !== 0) controller.inputChanged(number, vcpu, true);
    }
  }

  /** Statistics of every source, in the order of connection. */
  statistics(): readonly InterruptStatistics[] {
    return this.#lines.map(({ input, source, count, level }) => ({ ...pick(input), source, count, level }));
  }

  #connect(number: number, vcpu: number | undefined, source: string): InterruptLine {
    if (!Number.isInteger(number) || number < 0 || number >= NUMBER_LIMIT) {
      throw new QvmError('interrupt.number', `${source} asks for the interrupt number ${number}.`);
    }
    const key = `${vcpu ?? 'shared'}:${number}`;
    const input = this.#inputs.get(key) ?? { number, vcpu, high: 0 };
    this.#inputs.set(key, input);
    const line = new Line(input, source, this.#moved);
    this.#lines.push(line);
    return line;
  }

  readonly #moved = (line: Line, level: boolean): void => {
    const { input } = line;
    const before = input.high !== 0;
    input.high += level ? 1 : -1;
    const after = input.high !== 0;
    if (before === after) return;
    this.#announce(line, after);
    this.#controller?.inputChanged(input.number, input.vcpu, after);
  };

  #announce({ input, source }: Line, level: boolean): void {
    const hook = level ? this.#hooks.interruptRaised : this.#hooks.interruptLowered;
    if (!hasTaps(hook)) return;
    const event = this.#event;
    event.number = input.number;
    event.vcpu = input.vcpu;
    event.source = source;
    hook.call(event);
  }
}

function pick({ number, vcpu }: Input): { readonly number: number; readonly vcpu: number | undefined } {
  return { number, vcpu };
}
