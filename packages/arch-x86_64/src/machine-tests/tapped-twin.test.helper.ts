import { State } from '@qvm/isa-x86_64';
import { MachineHarness } from './machine-harness.test.helper.js';

/** Words that generated code tests, which follow from the others. */
const DERIVED = ['notPrivileged', 'interruptFlagTrap', 'pendingInterrupt'] as const;

/** Everything that a guest can see, and what follows from it for generated code. */
function stateOf(machine: MachineHarness): unknown {
  const { state, vcpu } = machine;
  const { state: saved, version } = vcpu.save();
  return [
    vcpu.registers(),
    version,
    // A fault of an instruction that generated code executes is an exit for the fault, not for the instruction.
    { ...(saved as object), run: vcpu.instructions },
    DERIVED.map((name) => state.u32(State[name])),
    ['bank', 'unprivilegedBank'].map((name) => bankName(machine, state.u32(State[name as 'bank']))),
  ];
}

function bankName({ state }: MachineHarness, address: number): string {
  if (address === state.u32(State.supervisorBank)) return 'supervisor';
  return address === state.u32(State.userBank) ? 'user' : 'other';
}

/**
 * Runs a program in both engines, and in a machine whose exits are tapped: there the vCPU executes what generated code
 * executes otherwise. All three must be in the same state after each instruction, and at the end of one run.
 *
 * @param prepare - makes the machine ready to run.
 * @param most - instructions that the program takes at most until it halts.
 * @returns the tapped machine, and the causes of its exits.
 */
export function compareWithTapped(
  prepare: (machine: MachineHarness) => void,
  most: number,
): { readonly tapped: MachineHarness; readonly causes: readonly string[] } {
  const make = (engine: 'interp' | 'wasm'): MachineHarness => {
    const machine = new MachineHarness(1, engine);
    prepare(machine);
    return machine;
  };
  const causes: string[] = [];
  const tapped = make('interp');
  tapped.vcpu.hooks.guestExit.tap('test', ({ cause }) => void causes.push(cause));
  const stepped = make('interp');
  for (let n = 0; n < most && stepped.vcpu.hasWork(); n++) {
    tapped.run(1);
    stepped.run(1);
    expect(stateOf(stepped)).toEqual(stateOf(tapped));
  }
  expect(stepped.vcpu.hasWork()).toBe(false);
  for (const engine of ['interp', 'wasm'] as const) {
    const whole = make(engine);
    whole.run(most);
    expect(withoutTurns(whole)).toEqual(withoutTurns(tapped));
  }
  return { tapped, causes };
}

/** Without the clock of turns, which one long turn does not advance. */
function withoutTurns(machine: MachineHarness): unknown {
  const { vcpu } = machine;
  return [vcpu.registers(), vcpu.instructions, machine.log];
}
