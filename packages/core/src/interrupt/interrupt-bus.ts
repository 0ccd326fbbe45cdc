import { QvmError } from '../errors/qvm-error.js';
import { hasTaps } from '../hooks/tappable.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import { ControllerFanOut } from './controller-fan-out.js';
import type {
  InterruptController,
  InterruptInputs,
  InterruptLine,
  InterruptWiring,
  MessageReceiver,
  MessageSink,
} from './interrupt.js';
import { MessageSource } from './message-source.js';

/** GICv3 identifiers have 24 bits at most (Arm IHI 0069, GICD_TYPER.IDbits). */
const NUMBER_LIMIT = 1 << 24;

/**
 * Statistics of one source, as `irqstat` shows them.
 *
 * @experimental
 */
export interface InterruptStatistics {
  /** Number of the input (Arm: INTID); for messages, the data of the last one. */
  readonly number: number;
  /** The vCPU of a private input. */
  readonly vcpu: number | undefined;
  /** Name of the source: a vdev or a part of the machine. */
  readonly source: string;
  /** Number of rising edges, or messages. */
  readonly count: number;
  /** The source's current level. */
  readonly level: boolean;
  /** The source sends messages and drives no input. */
  readonly message?: true;
  /** The state of the input in the interrupt controllers, or of the vector in the processor, in a few words for people. */
  readonly state?: string;
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
  readonly #event = { number: 0, vcpu: undefined as number | undefined, source: '', message: false };
  readonly #messages: MessageSource[] = [];
  #controller: InterruptController | undefined;
  /** The controller, if there may be several. */
  #fanOut: ControllerFanOut | undefined;
  #receiver: MessageReceiver | undefined;

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

  attach(controller: InterruptController, inputs?: InterruptInputs): void {
    if (this.#controller !== undefined && (inputs === undefined || this.#fanOut === undefined)) {
      throw new QvmError('interrupt.controller', 'The VM has an interrupt controller already.');
    }
    const added = inputs === undefined ? controller : (this.#fanOut ??= new ControllerFanOut()).add(controller, inputs);
    this.#controller = this.#fanOut ?? controller;
    for (const { number, vcpu, high } of this.#inputs.values()) {
      if (high !== 0) added.inputChanged(number, vcpu, true);
    }
  }

  get takesMessages(): boolean {
    return this.#receiver !== undefined;
  }

  messages(source: string): MessageSink {
    const made = new MessageSource(source, this.#sent);
    this.#messages.push(made);
    return made;
  }

  attachMessages(receiver: MessageReceiver): void {
    if (this.#receiver !== undefined) {
      throw new QvmError('interrupt.controller', 'The VM has a receiver of message interrupts already.');
    }
    this.#receiver = receiver;
  }

  /** Statistics of every source, in the order of connection: of inputs, then of messages; then the vectors of processors. */
  statistics(): readonly InterruptStatistics[] {
    const lines = this.#lines.map(({ input, source, count, level }) => ({
      ...{ ...pick(input), source, count, level },
      ...stateOf(input.vcpu === undefined ? this.#controller?.inputState?.(input.number) : undefined),
    }));
    const messages = this.#messages.map(({ source, count, data }): InterruptStatistics => ({
      ...{ number: data, vcpu: undefined, source, count },
      ...{ level: false, message: true },
    }));
    const vectors = this.#receiver?.processorInterrupts?.() ?? [];
    const ofProcessors = vectors.map(({ vector, vcpu, count, state }): InterruptStatistics => ({
      ...{ number: vector, vcpu, source: VECTOR, count, level: false },
      ...stateOf(state === '' ? undefined : state),
    }));
    return [...lines, ...messages, ...ofProcessors];
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

  readonly #sent = ({ source }: MessageSource, address: number, data: number): void => {
    const hook = this.#hooks.interruptRaised;
    if (hasTaps(hook)) {
      const event = this.#event;
      event.number = data;
      event.vcpu = undefined;
      event.source = source;
      event.message = true;
      hook.call(event);
    }
    this.#receiver?.message(address, data);
  };

  #announce({ input, source }: Line, level: boolean): void {
    const hook = level ? this.#hooks.interruptRaised : this.#hooks.interruptLowered;
    if (!hasTaps(hook)) return;
    const event = this.#event;
    event.number = input.number;
    event.vcpu = input.vcpu;
    event.source = source;
    event.message = false;
    hook.call(event);
  }
}

/** The name of vectors in place of a source. */
const VECTOR = 'vector';

const stateOf = (state: string | undefined): Pick<InterruptStatistics, 'state'> =>
  state === undefined ? {} : { state };

function pick({ number, vcpu }: Input): { readonly number: number; readonly vcpu: number | undefined } {
  return { number, vcpu };
}
