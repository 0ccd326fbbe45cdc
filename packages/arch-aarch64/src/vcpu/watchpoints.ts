import { WATCHPOINTS, registerNamed } from '@qvm/isa-aarch64';
import { PAGE_BYTES } from '@qvm/engine';
import type { AccessWatch, MainRam, SoftTlb, WatchedAccess } from '@qvm/engine';
import { matchesLinkedContext } from './breakpoints.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { debugExceptionsEnabled, debugMatch, matchesLevel, Mdscr } from './self-hosted-debug.js';
import type { DebugMatch } from './self-hosted-debug.js';

/** The decoded fields of one register pair. */
interface Watchpoint extends DebugMatch {
  readonly isLinked: boolean;
  readonly loads: boolean;
  readonly stores: boolean;
  /** The watched range: `start` inclusive, `end` exclusive. */
  readonly start: bigint;
  readonly end: bigint;
}

const REGISTERS = Array.from({ length: WATCHPOINTS }, (_, n) => ({
  value: registerNamed(`DBGWVR${n}_EL1`).offset,
  control: registerNamed(`DBGWCR${n}_EL1`).offset,
}));
const PAGE_MASK = BigInt(-PAGE_BYTES);

/**
 * The guest's watchpoints (Arm ARM D2.9). While one is enabled, generated code does not fill the TLB, and the engine
 * enters no watched page into it. Every access to such a page therefore reaches the engine, which compares its bytes.
 *
 * @experimental
 */
export class Watchpoints implements AccessWatch {
  #enabled: readonly Watchpoint[] = [];

  constructor(
    private readonly state: Aarch64State,
    private readonly tlb: SoftTlb,
    private readonly ram: MainRam,
    private readonly osLocked: () => boolean,
  ) {}

  /** Must be called after a write to a register that determines the watched ranges. */
  refresh(): void {
    const { state } = this;
    const before = this.armed;
    const on = (state.u32(Sys.MDSCR_EL1) & Mdscr.MDE) !== 0;
    this.#enabled = on ? REGISTERS.map((pair) => read(state, pair)).filter(({ enabled }) => enabled) : [];
    if (!before && !this.armed) return;
    if (this.armed) this.ram.detach(state);
    else this.ram.attach(state);
    this.tlb.flushAll();
  }

  /** Whether any is enabled. */
  get armed(): boolean {
    return this.#enabled.length > 0;
  }

  /** Whether a page must not be in the TLB. */
  coversPage(lo: number, hi: number): boolean {
    if (!this.armed) return false;
    const page = address(lo, hi) & PAGE_MASK;
    return this.#enabled.some(({ start, end }) => start < page + BigInt(PAGE_BYTES) && end > page);
  }

  /** Whether a watchpoint stops an access that did not fault. */
  stop({ lo, hi, bytes, write, privileged }: WatchedAccess): boolean {
    if (!debugExceptionsEnabled(this.state, this.osLocked())) return false;
    const first = address(lo, hi);
    return this.#enabled.some(
      (watchpoint) =>
        (write ? watchpoint.stores : watchpoint.loads) &&
        matchesLevel(watchpoint, privileged) &&
        watchpoint.start < first + BigInt(bytes) &&
        watchpoint.end > first &&
        (!watchpoint.isLinked || matchesLinkedContext(this.state, watchpoint)),
    );
  }
}

/** Address without its tag: bits 63–56 are copies of bit 55 if translation considers them. */
const address = (lo: number, hi: number): bigint => BigInt.asIntN(56, (BigInt(hi) << 32n) | BigInt(lo >>> 0));

function read(state: Aarch64State, { value, control }: (typeof REGISTERS)[number]): Watchpoint {
  const bits = state.u32(control);
  const [start, size] = rangeOf(BigInt.asIntN(49, state.u64(value)), bits);
  return {
    ...debugMatch(bits),
    isLinked: (bits & (1 << 20)) !== 0,
    loads: (bits & (1 << 3)) !== 0,
    stores: (bits & (1 << 4)) !== 0,
    start,
    end: start + size,
  };
}

/**
 * A MASK above 2 is the number of low address bits that are ignored. Otherwise BAS selects contiguous bytes of the
 * doubleword.
 */
function rangeOf(value: bigint, control: number): [start: bigint, size: bigint] {
  const mask = (control >>> 24) & 31;
  if (mask > 2) return [value & -(1n << BigInt(mask)), 1n << BigInt(mask)];
  const bytes = (control >>> 5) & 0xff;
  if (bytes === 0) return [0n, 0n];
  const first = 31 - Math.clz32(bytes & -bytes);
  const last = 31 - Math.clz32(bytes);
  return [(value & ~3n) + BigInt(first), BigInt(last - first + 1)];
}
