import { fromHalves, PAGE_BYTES } from '@qvm/engine';
import type { AccessWatch, MainRam, SoftTlb, WatchedAccess } from '@qvm/engine';
import type { DebugRegisters } from '../system/debug-registers.js';
import type { X86State } from '../state/x86-state.js';

/**
 * The data breakpoints of DR0–DR3 (SDM vol. 3, 17.2.4). They trap after the access, so no access is refused: the
 * breakpoints that were met are noted. While one is enabled, generated code does not fill the TLB, and the engine
 * enters no page of it.
 *
 * While alignment is checked (#AC), the engine enters no page at all: the interpreter finds any address of a page in the
 * TLB, aligned or not.
 *
 * @experimental
 */
export class DataBreakpoints implements AccessWatch {
  /** Bits B0 to B3 of the breakpoints met since they were last cleared. */
  hits = 0;
  #armed = false;
  #checksAlignment = false;
  #debug: DebugRegisters | undefined;

  constructor(
    private readonly state: X86State,
    private readonly tlb: SoftTlb,
    private readonly ram: MainRam,
  ) {}

  get armed(): boolean {
    return this.#armed;
  }

  /** Takes the debug registers, which exist later. */
  connect(debug: DebugRegisters): void {
    this.#debug = debug;
  }

  /** Must be called after a change of the debug registers. */
  refresh(): void {
    const before = this.#armed;
    this.#armed = this.#debug?.watchesData ?? false;
    if (before || this.#armed) this.#refill();
  }

  /** Alignment is checked from now on, or no more. */
  checkAlignment(on: boolean): void {
    this.#checksAlignment = on;
    this.#refill();
  }

  /** The TLB is to be filled anew. */
  #refill(): void {
    if (this.#armed || this.#checksAlignment) this.ram.detach(this.state);
    else this.ram.attach(this.state);
    this.tlb.flushAll();
  }

  coversPage(lo: number, hi: number): boolean {
    if (this.#checksAlignment) return true;
    const page = fromHalves(lo, hi) & BigInt(-PAGE_BYTES);
    return this.#debug?.coversPage(page, PAGE_BYTES) ?? false;
  }

  stop({ lo, hi, bytes, write }: WatchedAccess): boolean {
    this.hits |= this.#debug?.dataHits(fromHalves(lo, hi), bytes, write) ?? 0;
    return false;
  }
}
