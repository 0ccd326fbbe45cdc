import type { VdevContext } from '@qvm/core/vdev';
import type { AttachedCpu, SystemRegisterHandler } from '../system/cpu-attachment.js';
import { requireMembers, requireUnsigned } from '../gic/saved-state.js';
import { CompareTimer, decodeCompareTimer } from './compare-timer.js';
import type { CompareTimerState } from './compare-timer.js';
import { FREQUENCY } from './counter.js';
import type { SystemCounter } from './counter.js';

/** INTIDs of the timers' outputs (Arm Base System Architecture). */
export const PHYSICAL_TIMER_INTID = 30;
export const VIRTUAL_TIMER_INTID = 27;

/** A validated state, for {@link CpuTimers.load}. */
export interface CpuTimersState {
  readonly frequency: number;
  readonly physical: CompareTimerState;
  readonly virtual: CompareTimerState;
}

/** The generic timer of one vCPU. CNTKCTL_EL1, which controls access from EL0, belongs to the vCPU. */
export class CpuTimers {
  readonly physical: CompareTimer;
  readonly virtual: CompareTimer;
  /** CNTFRQ_EL0 as software wrote it. It is informative and does not change the rate. */
  #frequency = FREQUENCY;

  constructor(counter: SystemCounter, context: VdevContext, cpu: AttachedCpu) {
    const timer = (intid: number, kind: string): CompareTimer => {
      const line = context.privateInterrupt(intid, cpu.index);
      return new CompareTimer(counter, context.clock, line, `${context.name} ${kind} ${cpu.index}`);
    };
    this.physical = timer(PHYSICAL_TIMER_INTID, 'physical');
    this.virtual = timer(VIRTUAL_TIMER_INTID, 'virtual');
    this.#attach(cpu);
  }

  reset(): void {
    this.#frequency = FREQUENCY;
    this.physical.reset();
    this.virtual.reset();
  }

  save(): { frequency: number } & Record<'physical' | 'virtual', ReturnType<CompareTimer['save']>> {
    return {
      frequency: this.#frequency,
      physical: this.physical.save(),
      virtual: this.virtual.save(),
    };
  }

  load(state: CpuTimersState): void {
    this.#frequency = state.frequency;
    this.physical.load(state.physical);
    this.virtual.load(state.virtual);
  }

  dispose(): void {
    this.physical.dispose();
    this.virtual.dispose();
  }

  #attach(cpu: AttachedCpu): void {
    cpu.attachRegister('CNTFRQ_EL0', {
      read: () => BigInt(this.#frequency),
      write: (value) => {
        this.#frequency = Number(BigInt.asUintN(32, value));
      },
    });
    attachTimer(cpu, 'P', this.physical);
    attachTimer(cpu, 'V', this.virtual);
  }
}

/** Validates a state that `save` made. */
export function decodeCpuTimers(state: unknown): CpuTimersState {
  const saved = requireMembers(state, ['frequency', 'physical', 'virtual'], 'The timers of a vCPU');
  return {
    frequency: requireUnsigned(saved.frequency, 0xffff_ffff, 'frequency'),
    physical: decodeCompareTimer(saved.physical, 'physical'),
    virtual: decodeCompareTimer(saved.virtual, 'virtual'),
  };
}

/** Attaches the counter and the CTL, CVAL and TVAL registers of one timer (Arm ARM D12.2). */
function attachTimer(cpu: AttachedCpu, letter: 'P' | 'V', timer: CompareTimer): void {
  const registers: Readonly<Record<string, SystemRegisterHandler>> = {
    [`CNT${letter}CT_EL0`]: { read: () => BigInt.asUintN(64, BigInt(timer.count)) },
    [`CNT${letter}_CTL_EL0`]: {
      read: () => BigInt(timer.ctl),
      write: (value) => {
        timer.ctl = Number(BigInt.asUintN(32, value));
      },
    },
    [`CNT${letter}_CVAL_EL0`]: {
      read: () => timer.cval,
      write: (value) => {
        timer.cval = value;
      },
    },
    [`CNT${letter}_TVAL_EL0`]: {
      read: () => timer.tval,
      write: (value) => {
        timer.tval = value;
      },
    },
  };
  for (const [name, handler] of Object.entries(registers)) cpu.attachRegister(name, handler);
}
