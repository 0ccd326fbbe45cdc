import { QvmError } from '../errors/qvm-error.js';

/**
 * Life cycle of a VM. `stopped` and `failed` are final.
 *
 * @beta
 */
export type VmState = 'created' | 'starting' | 'running' | 'paused' | 'stopping' | 'stopped' | 'failed';

/**
 * An operation on a VM, requested by its host or caused by its own end.
 *
 * @experimental
 */
export type VmVerb = 'start' | 'started' | 'pause' | 'resume' | 'stop' | 'end' | 'fail';

/** The legal transitions; what is not here is an error. */
const TRANSITIONS: Readonly<Record<VmState, Readonly<Partial<Record<VmVerb, VmState>>>>> = {
  created: { start: 'starting', end: 'stopped' },
  starting: { started: 'running', end: 'stopped', fail: 'failed' },
  running: { pause: 'paused', stop: 'stopping', end: 'stopped', fail: 'failed' },
  paused: { resume: 'running', stop: 'stopping', end: 'stopped', fail: 'failed' },
  stopping: { end: 'stopped', fail: 'failed' },
  stopped: {},
  failed: {},
};

/**
 * The state that follows from a verb, or `undefined` when the verb is not legal in this state.
 *
 * @experimental
 */
export function nextVmState(state: VmState, verb: VmVerb): VmState | undefined {
  return TRANSITIONS[state][verb];
}

/**
 * The state machine of one VM.
 *
 * @experimental
 */
export class VmLifecycle {
  #state: VmState = 'created';
  readonly #name: string;
  readonly #changed: (from: VmState, to: VmState) => void;

  /**
   * @param name - name of the VM, for errors.
   * @param changed - called after each transition.
   */
  constructor(name: string, changed: (from: VmState, to: VmState) => void = () => undefined) {
    this.#name = name;
    this.#changed = changed;
  }

  /** Where in its life the VM is. */
  get state(): VmState {
    return this.#state;
  }

  /** Whether the VM has ended. */
  get ended(): boolean {
    return this.#state === 'stopped' || this.#state === 'failed';
  }

  /** Whether `verb` is legal now. */
  can(verb: VmVerb): boolean {
    return nextVmState(this.#state, verb) !== undefined;
  }

  /**
   * @throws `QvmError` `vm.illegal-transition`.
   */
  apply(verb: VmVerb): void {
    const from = this.#state;
    const to = nextVmState(from, verb);
    if (to === undefined) {
      throw new QvmError('vm.illegal-transition', `The VM ${this.#name} cannot ${verb}: it is ${from}.`);
    }
    this.#state = to;
    this.#changed(from, to);
  }
}
