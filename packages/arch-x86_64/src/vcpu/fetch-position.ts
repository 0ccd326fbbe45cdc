import type { FetchUnit } from '@qvm/engine';
import { LONGEST } from '@qvm/isa-x86_64';
import type { X86State } from '../state/x86-state.js';
import { fromWords, highWord, lowWord } from '../system/linear-memory.js';
import type { CodePosition } from './core.js';

/**
 * The position of a vCPU in its code, which its fetch unit knows.
 *
 * @experimental
 */
export class FetchPosition implements CodePosition {
  constructor(
    private readonly fetch: FetchUnit,
    private readonly state: X86State,
    /** Changes to the mode of the code that now runs. */
    private readonly enterMode: () => void,
  ) {}

  get pc(): number {
    return fromWords(this.fetch.pcLo, this.fetch.pcHi);
  }

  get nextPc(): number {
    const { state } = this;
    const at = state.position;
    state.endInstruction();
    const { pc } = this;
    state.moveBack(at);
    return pc;
  }

  jump(pc: number): void {
    this.enterMode();
    this.fetch.jumpTo(lowWord(pc), highWord(pc));
  }

  bytes(): Uint8Array {
    return this.fetch.bytes(LONGEST);
  }
}
