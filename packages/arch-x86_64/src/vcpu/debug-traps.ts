import { Flag } from '../state/control-bits.js';
import type { X86State } from '../state/x86-state.js';
import { Dr6 } from '../system/debug-registers.js';
import type { DebugRegisters } from '../system/debug-registers.js';
import type { DataBreakpoints } from './data-breakpoints.js';

/**
 * Decides when an instruction is executed alone, and which debug exceptions precede and follow it: breakpoints, single
 * step and RF (SDM vol. 3, 17.3.1).
 *
 * @experimental
 */
export class DebugTraps {
  /** Causes of a debug trap after the last instruction that has not been taken: bits of DR6. */
  pending = 0;
  /** Whether the instruction that is executed alone began with TF set. */
  #stepping = false;
  /** Whether it began with RF set, which it clears. */
  #resuming = false;

  constructor(
    private readonly state: X86State,
    private readonly debug: DebugRegisters,
    private readonly watch: DataBreakpoints,
  ) {
    watch.connect(debug);
    debug.onChange = () => watch.refresh();
  }

  /** Must be called after the debug registers were written directly. */
  refresh(): void {
    this.watch.refresh();
  }

  /** The state after RESET. */
  reset(): void {
    this.refresh();
    this.watch.hits = this.pending = 0;
    this.#stepping = this.#resuming = false;
  }

  /** Reports the pending trap in DR6, whose #DB the caller then takes. */
  take(): void {
    this.debug.report(this.pending);
    this.pending = 0;
  }

  /** Whether code has breakpoints. */
  get armed(): boolean {
    return this.debug.stopsInstructions;
  }

  /** Whether a breakpoint stops the instruction at a linear address, which DR6 then reports: #DB, as a fault. */
  stopsAt(lo: number, hi: number): boolean {
    const { state, debug } = this;
    if (!debug.stopsInstructions || state.systemFlags & Flag.RF) return false;
    const hits = debug.instructionHits(lo, hi);
    if (hits !== 0) debug.report(hits);
    return hits !== 0;
  }

  /** Begins the next instruction. Returns whether it must be executed alone. */
  begin(): boolean {
    const { state, debug, watch } = this;
    const flags = state.systemFlags;
    const armed = debug.stopsInstructions;
    // RF has no effect without breakpoints, and ends with the next instruction.
    if (!armed && flags & Flag.RF) state.changeSystemFlags(Flag.RF, 0);
    this.#stepping = (flags & Flag.TF) !== 0;
    this.#resuming = armed && (flags & Flag.RF) !== 0;
    return this.#stepping || armed || watch.armed;
  }

  /** Ends an instruction that was executed alone. @param done - whether it is complete. */
  end(done: boolean): void {
    const { state, watch } = this;
    if (done) this.pending |= watch.hits | (this.#stepping ? Dr6.BS : 0);
    if (done && this.#resuming) state.changeSystemFlags(Flag.RF, 0);
    watch.hits = 0;
  }

  /**
   * Must be called after instructions whose single step depends on the TF that they leave, not on the one before: INT n
   * and the like clear it (SDM vol. 3, 17.3.1.4), SYSCALL may by IA32_FMASK, and SYSRET loads it.
   */
  stepByNewFlag(): void {
    this.#stepping = false;
    if (this.state.systemFlags & Flag.TF) this.pending |= Dr6.BS;
  }

  /** There is no single step after MOV SS and POP SS (SDM vol. 3, 6.8.3). */
  dropStep(): void {
    this.pending &= ~Dr6.BS;
  }

  /** IRET begins, which loads RF. */
  keepResumeFlag(): void {
    this.#resuming = false;
  }
}
