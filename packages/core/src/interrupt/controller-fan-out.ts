import type { InterruptController, InterruptInputs } from './interrupt.js';

/** A controller's part of the inputs. */
class PartialController implements InterruptController {
  readonly #controller: InterruptController;
  readonly #first: number;
  readonly #last: number;

  constructor(controller: InterruptController, { first, last }: InterruptInputs) {
    this.#controller = controller;
    this.#first = first;
    this.#last = last;
  }

  inputChanged(number: number, vcpu: number | undefined, level: boolean): void {
    if (vcpu === undefined && number >= this.#first && number <= this.#last) {
      this.#controller.inputChanged(number, vcpu, level);
    }
  }

  inputState(number: number): string | undefined {
    return number >= this.#first && number <= this.#last ? this.#controller.inputState?.(number) : undefined;
  }
}

/** Passes the levels of shared inputs on to the controllers that have them, in the order of their addition. */
export class ControllerFanOut implements InterruptController {
  readonly #parts: PartialController[] = [];

  /** Adds a controller; returns the part of it that gets its own inputs only. */
  add(controller: InterruptController, inputs: InterruptInputs): InterruptController {
    const part = new PartialController(controller, inputs);
    this.#parts.push(part);
    return part;
  }

  inputChanged(number: number, vcpu: number | undefined, level: boolean): void {
    for (const part of this.#parts) part.inputChanged(number, vcpu, level);
  }

  /** The states of the input in all controllers, together. */
  inputState(number: number): string | undefined {
    const states = this.#parts.flatMap((part) => part.inputState(number) ?? []);
    return states.length === 0 ? undefined : states.join('; ');
  }
}
