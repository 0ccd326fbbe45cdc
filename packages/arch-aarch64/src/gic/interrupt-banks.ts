import { FIRST_PPI, PRIORITY_MASK, PRIVATE_INTERRUPTS, SHARED_WORDS } from './limits.js';
import { requireArray, requireMembers, requireWords } from './saved-state.js';

/** SGIs have no line and are always edge-triggered. */
const SGI_BITS = (1 << FIRST_PPI) - 1;

/** The bits of one word of all interrupts, as `save` gives them. */
const BIT_ARRAYS = ['group', 'enabled', 'latch', 'level', 'edge', 'active'] as const;

type BitArray = (typeof BIT_ARRAYS)[number];

/** A validated state, for {@link InterruptBanks.load}. */
export type BanksState = Readonly<Record<BitArray | 'priority', readonly number[]>>;

/**
 * The state of every interrupt, 32 to a word ("bank"): word `n` is the private bank of vCPU `n`, the words after those of
 * the vCPUs hold the shared interrupts in order. Bit or entry `b` of a bank is its `b`th interrupt.
 */
export class InterruptBanks {
  readonly vcpus: number;
  /** 1: group 1, 0: group 0. */
  readonly group: Uint32Array;
  readonly enabled: Uint32Array;
  /** Pending because of an edge, an SGI or a write to ISPENDR, until acknowledged or cleared. */
  readonly latch: Uint32Array;
  /** Level of the input line. */
  readonly level: Uint32Array;
  /** 1: edge-triggered, 0: level-sensitive. */
  readonly edge: Uint32Array;
  readonly active: Uint32Array;
  /** By word × 32 + bit. */
  readonly priority: Uint8Array;

  constructor(vcpus: number) {
    const words = vcpus + SHARED_WORDS;
    this.vcpus = vcpus;
    this.group = new Uint32Array(words);
    this.enabled = new Uint32Array(words);
    this.latch = new Uint32Array(words);
    this.level = new Uint32Array(words);
    this.edge = new Uint32Array(words);
    this.active = new Uint32Array(words);
    this.priority = new Uint8Array(words * 32);
    this.reset();
  }

  get words(): number {
    return this.group.length;
  }

  /** The word of an INTID as vCPU `vcpu` sees it; its bit is `intid & 31`. */
  wordOf(intid: number, vcpu: number): number {
    return intid < PRIVATE_INTERRUPTS ? vcpu : this.vcpus + (intid >>> 5) - 1;
  }

  /** The value of ISPENDR: a level-sensitive interrupt is pending while its line is high (IHI 0069, 4.1). */
  pending(word: number): number {
    return (this.latch[word] ?? 0) | ((this.level[word] ?? 0) & ~(this.edge[word] ?? 0));
  }

  /** Interrupts that may be forwarded: pending, enabled, and not active already. */
  ready(word: number): number {
    return this.pending(word) & (this.enabled[word] ?? 0) & ~(this.active[word] ?? 0);
  }

  /** Acknowledges an interrupt: pending becomes active. If its line is still high, it is active and pending. */
  activate(word: number, bit: number): void {
    this.active[word] = (this.active[word] ?? 0) | (1 << bit);
    this.latch[word] = (this.latch[word] ?? 0) & ~(1 << bit);
  }

  deactivate(word: number, bit: number): void {
    this.active[word] = (this.active[word] ?? 0) & ~(1 << bit);
  }

  /** Sets the level of an input line. A rising edge makes an edge-triggered interrupt pending. */
  setLevel(word: number, bit: number, level: boolean): void {
    const mask = 1 << bit;
    const before = this.level[word] ?? 0;
    this.level[word] = level ? before | mask : before & ~mask;
    if (level) this.latch[word] = (this.latch[word] ?? 0) | (mask & ~before & (this.edge[word] ?? 0));
  }

  /** Resets everything except the levels of the lines, which belong to the devices that drive them. */
  reset(): void {
    this.group.fill(0);
    this.enabled.fill(0);
    this.latch.fill(0);
    this.edge.fill(0);
    this.edge.fill(SGI_BITS, 0, this.vcpus);
    this.active.fill(0);
    this.priority.fill(0);
  }

  save(): Record<BitArray | 'priority', number[]> {
    return {
      group: [...this.group],
      enabled: [...this.enabled],
      latch: [...this.latch],
      level: [...this.level],
      edge: [...this.edge],
      active: [...this.active],
      priority: [...this.priority],
    };
  }

  /** Validates a state that `save` made, without changing anything. */
  decode(state: unknown): BanksState {
    const saved = requireMembers(state, [...BIT_ARRAYS, 'priority'], 'interrupts');
    const bits = (name: BitArray, mask: (word: number) => number = () => -1): readonly number[] =>
      requireWords(requireArray(saved[name], this.words, name), this.words, mask, name);
    return {
      group: bits('group'),
      enabled: bits('enabled'),
      latch: bits('latch'),
      level: bits('level', (word) => ~this.alwaysEdge(word)),
      edge: bits('edge').map((value, word) => (value | this.alwaysEdge(word)) >>> 0),
      active: bits('active'),
      priority: requireWords(saved.priority, this.priority.length, PRIORITY_MASK, 'priority'),
    };
  }

  load(state: BanksState): void {
    for (const name of BIT_ARRAYS) this[name].set(state[name]);
    this.priority.set(state.priority);
  }

  /** Mask of a word's interrupts whose trigger mode is fixed. */
  alwaysEdge(word: number): number {
    return word < this.vcpus ? SGI_BITS : 0;
  }
}
