import type { Reg } from '../describe/value.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';
import type { BackEnd } from './back-end.js';
import { Kind, value } from './graph.js';
import type { Graph } from './graph.js';
import type { NodeEmitter } from './node-emitter.js';
import type { RegisterFile } from './register-file.js';

interface StoreEffect {
  readonly kind: 'store';
  readonly op: number;
  readonly address: number;
  readonly offset: number;
  readonly value: number;
}

interface StateEffect {
  readonly kind: 'state';
  readonly op: number;
  readonly offset: number;
  readonly value: number;
}

interface FlagsEffect {
  readonly kind: 'flags';
  /** Static kind of the flags; −1 if node `kindOf` computes it. */
  readonly flags: number;
  readonly kindOf: number;
  readonly x: number;
  readonly y: number;
}

interface RegisterEffect {
  readonly kind: 'register';
  readonly file: RegisterFile;
  readonly register: Reg;
  readonly value: number;
}

/** Sets or copies bytes of memory: nothing if `bytes` is 0. */
interface BulkEffect {
  readonly kind: 'bulk';
  readonly op: number;
  readonly address: number;
  /** The byte, or the address of the source. */
  readonly value: number;
  readonly bytes: number;
}

/** Counts further instructions as retired. */
interface RetireEffect {
  readonly kind: 'retire';
  readonly count: number;
}

/** One change that an instruction makes. Values are nodes. @internal */
export type Effect = StoreEffect | StateEffect | FlagsEffect | RegisterEffect | BulkEffect | RetireEffect;

/** The order in which effects are emitted. */
const RANK: Readonly<Record<Effect['kind'], number>> = {
  store: 0,
  bulk: 1,
  retire: 2,
  state: 3,
  flags: 4,
  register: 5,
};

const changesMemory = ({ kind }: Effect): boolean => kind === 'store' || kind === 'bulk';

/**
 * The effects of one instruction, queued until all are known, so that reads see the state before the instruction.
 *
 * @internal
 */
export class Effects {
  readonly #queue: Effect[] = [];
  /** Loads, atomic operations and calls, which are evaluated in program order. */
  readonly #ordered: number[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly code: CodeBuffer,
    private readonly emitter: NodeEmitter,
    private readonly cpu: number,
  ) {}

  clear(): void {
    // Reading a length is much faster than setting it.
    if (this.#queue.length > 0) this.#queue.length = 0;
    if (this.#ordered.length > 0) this.#ordered.length = 0;
  }

  push(effect: Effect): void {
    this.#queue.push(effect);
  }

  /** Makes node `n` be evaluated in program order, before the effects. */
  order(n: number): void {
    this.#ordered.push(n);
  }

  /**
   * Emits all.
   *
   * @param condition - a node that is emitted after the effects and sees the state before them; negative: none.
   * @param target - another one.
   */
  commit(back: BackEnd, condition: number, target: number): void {
    const queue = this.#queue;
    this.#pinOrdered();
    if (queue.length === 0) return;
    this.#sort();
    if (queue[0]!.kind === 'flags') this.#pinLaterFlags(queue[0] as FlagsEffect);
    for (let i = 1; i < queue.length; i++) this.#pin(queue[i] as Effect);
    if (condition >= 0) this.emitter.pin(condition);
    if (target >= 0) this.emitter.pin(target);
    for (let i = 0; i < queue.length; i++) this.#perform(queue[i] as Effect, back);
  }

  /** Sorts the queue by rank: there are few effects, mostly in order. */
  #sort(): void {
    const queue = this.#queue;
    for (let i = 1; i < queue.length; i++) {
      const effect = queue[i] as Effect;
      const rank = RANK[effect.kind];
      let at = i;
      for (; at > 0 && RANK[queue[at - 1]!.kind] > rank; at--) queue[at] = queue[at - 1] as Effect;
      queue[at] = effect;
    }
  }

  /** Evaluates loads early if the instruction also writes memory; otherwise a load stays where it is used. */
  #pinOrdered(): void {
    if (this.#ordered.length === 0) return;
    const g = this.graph;
    const ordered = this.#ordered;
    const writesMemory = this.#queue.some(changesMemory) || ordered.some((n) => g.kind[n] !== Kind.Load);
    for (let i = 0; i < ordered.length; i++) {
      const n = ordered[i] as number;
      if (g.kind[n] !== Kind.Load || (writesMemory && g.uses[n]! > 0)) this.emitter.pin(n);
    }
  }

  #pin(effect: Effect): void {
    if (effect.kind === 'flags') {
      this.emitter.pin(effect.x);
      this.emitter.pin(effect.y);
      if (effect.kindOf >= 0) this.emitter.pin(effect.kindOf);
    } else if (effect.kind === 'retire') this.emitter.pin(effect.count);
    else {
      if (effect.kind === 'bulk') this.emitter.pin(effect.bytes);
      this.emitter.pin(effect.value);
    }
  }

  /**
   * Setting flags writes three fields; the values of the later ones may be computed from the old flags, so they are
   * evaluated first.
   */
  #pinLaterFlags({ y, kindOf }: FlagsEffect): void {
    for (const n of [y, kindOf]) if (n >= 0 && this.graph.kind[n] !== Kind.Register) this.emitter.pin(n);
  }

  #perform(effect: Effect, back: BackEnd): void {
    const { code, emitter } = this;
    switch (effect.kind) {
      case 'store':
        emitter.emit(effect.address);
        emitter.emit(effect.value);
        code.memory(effect.op, effect.offset);
        break;
      case 'bulk':
        this.#performBulk(effect);
        break;
      case 'retire':
        this.#retire(effect, back);
        break;
      case 'state':
        code.get(this.cpu);
        emitter.emit(effect.value);
        code.memory(effect.op, effect.offset);
        break;
      case 'flags': {
        const { flags, kindOf, x, y } = effect;
        back.commitFlags(flags, value(x), value(y), kindOf >= 0 ? value(kindOf) : undefined);
        break;
      }
      case 'register':
        this.#writeRegister(effect, back);
        break;
    }
  }

  #retire({ count }: RetireEffect, back: BackEnd): void {
    back.retireMore(() => this.emitter.emit(count));
  }

  #writeRegister({ file, register, value }: RegisterEffect, back: BackEnd): void {
    back.writeRegister(file, register, () => this.emitter.emit(value), value);
  }

  #performBulk({ op, address, value, bytes }: BulkEffect): void {
    const { code, emitter } = this;
    emitter.pin(address);
    emitter.pin(value);
    const count = emitter.materialize(bytes);
    code.get(count);
    emitter.conditionally(() => {
      emitter.emit(address);
      emitter.emit(value);
      code.get(count).op(op).byte(0);
      if (op === Op.memory_copy) code.byte(0);
    });
  }
}
