import type { InterruptLine } from '@qvm/core/vdev';
import { createToken, type Token } from '@qvm/core';

/**
 * An interrupt of a PC's old timer, which an HPET can drive instead (IA-PC HPET Specification 1.0a, section 2.3.3,
 * LEG_RT_CNF).
 *
 * @internal
 */
export class LegacyInterrupt {
  readonly #line: InterruptLine;
  #own = false;
  #replacement: boolean | undefined;

  constructor(line: InterruptLine) {
    this.#line = line;
  }

  /** Number of the interrupt. */
  get number(): number {
    return this.#line.number;
  }

  /** Sets the level that its own timer gives. */
  set(level: boolean): void {
    this.#own = level;
    if (this.#replacement === undefined) this.#line.set(level);
  }

  /** Sets the level that replaces the own one; `undefined` connects the own timer again. */
  replace(level: boolean | undefined): void {
    this.#replacement = level;
    this.#line.set(level ?? this.#own);
  }
}

/** The interrupt of the `pit`. @internal */
export const PIT_INTERRUPT: Token<LegacyInterrupt> = createToken('@qvm/vdev-legacy/PitInterrupt');

/** The interrupt of the `rtc`. @internal */
export const RTC_INTERRUPT: Token<LegacyInterrupt> = createToken('@qvm/vdev-legacy/RtcInterrupt');
