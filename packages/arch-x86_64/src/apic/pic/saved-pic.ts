import type { Json } from '@qvm/core';
import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import { requireBits, requireThat } from '../saved-state.js';

/** The initialization command word that the odd port expects, or none. */
export type InitStep = 0 | 2 | 3 | 4;

/** The state of one 8259A. Bit n of a number belongs to input n. */
export interface PicState {
  /** Rising edges that were not acknowledged. */
  latch: number;
  /** Levels of the inputs. */
  lines: number;
  /** 1: level-triggered (ELCR). */
  level: number;
  /** The interrupt mask register. */
  mask: number;
  /** In service. */
  isr: number;
  /** Vector of input 0, a multiple of 8. */
  base: number;
  /** The input with the lowest priority. */
  lowest: number;
  step: InitStep;
  /** ICW1 said that no other 8259A is connected, so that there is no ICW3. */
  single: boolean;
  needsIcw4: boolean;
  autoEoi: boolean;
  fullyNested: boolean;
  autoRotate: boolean;
  specialMask: boolean;
  readIsr: boolean;
  /** The next read is a poll. */
  poll: boolean;
}

export const PIC_RESET: Readonly<PicState> = {
  latch: 0,
  lines: 0,
  level: 0,
  mask: 0xff,
  isr: 0,
  base: 0,
  lowest: 7,
  step: 0,
  single: false,
  needsIcw4: false,
  autoEoi: false,
  fullyNested: false,
  autoRotate: false,
  specialMask: false,
  readIsr: false,
  poll: false,
};

const MEMBERS = Object.keys(PIC_RESET) as (keyof PicState)[];

/** The state, JSON-compatible. */
export function savePic(state: Readonly<PicState>): Readonly<Record<keyof PicState, Json>> {
  return { ...state };
}

/**
 * Checks what {@link savePic} gave.
 *
 * @param levels - the inputs that can be level-triggered.
 * @throws VdevStateError
 */
export function decodePic(value: unknown, levels: number, what: string): PicState {
  const saved = requireObject(value, MEMBERS, what);
  const byte = (name: 'latch' | 'lines' | 'mask' | 'isr'): number =>
    requireUnsigned(saved[name], 0xff, `${what}.${name}`);
  const flag = (name: keyof PicState): boolean => requireBoolean(saved[name], `${what}.${name}`);
  const step = requireUnsigned(saved.step, 4, `${what}.step`);
  requireThat(step !== 1, `${what}.step is no step of the initialization`);
  return {
    latch: byte('latch'),
    lines: byte('lines'),
    level: requireBits(saved.level, levels, `${what}.level`),
    mask: byte('mask'),
    isr: byte('isr'),
    base: requireBits(saved.base, 0xf8, `${what}.base`),
    lowest: requireUnsigned(saved.lowest, 7, `${what}.lowest`),
    step: step as InitStep,
    single: flag('single'),
    needsIcw4: flag('needsIcw4'),
    autoEoi: flag('autoEoi'),
    fullyNested: flag('fullyNested'),
    autoRotate: flag('autoRotate'),
    specialMask: flag('specialMask'),
    readIsr: flag('readIsr'),
    poll: flag('poll'),
  };
}
