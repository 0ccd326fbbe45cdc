import type { HookKinds, Tappable, VcpuHooks } from '@qvm/core/hooks';

const trap = {
  svc: 'SVC: a system call.',
  hvc: 'HVC at EL1: a call to the hypervisor. When no tap handles it, the hook `hypercall` is next. At EL0 it is undefined.',
  smc: 'SMC at EL1: as `hvc`.',
  breakpoint: 'BRK: a breakpoint in the code.',
  undefined: 'An instruction that is not allocated, not implemented, or not allowed at this exception level.',
  systemRegister: 'MRS, MSR or SYS at EL0 that EL1 traps (SCTLR_EL1.UCT, UCI, UMA, DZE; CNTKCTL_EL1 and the like).',
  wfi: 'WFI at EL0 that EL1 traps (SCTLR_EL1.nTWI is 0).',
  wfe: 'WFE at EL0 that EL1 traps (SCTLR_EL1.nTWE is 0).',
  fpAccess: 'A SIMD and floating-point instruction that CPACR_EL1 traps.',
  spAlignment: 'A load or store by an SP that is not a multiple of 16.',
  pcAlignment:
    'A jump to an address that is not a multiple of 4, which is the `pc`. A tap that handles it moves the program counter.',
  illegalState:
    'An instruction in the Illegal Execution state (PSTATE.IL). A tap that handles it ends the state; the instruction is done.',
  hardwareBreakpoint: 'The instruction at a breakpoint register (DBGBVRn_EL1), before it is done.',
  watchpoint: 'An access to what a watchpoint register (DBGWVRn_EL1) watches, before it is done.',
  softwareStep:
    'One instruction has been done by software step (MDSCR_EL1.SS); `pc` is the next one. When a tap handles it, that is done, and comes to the hook in its turn.',
} as const;

const guestExit = {
  mmio: 'An access to a register of a vdev, which `vdev` and `access` describe.',
  sysreg: 'MRS, MSR or SYS that generated code leaves to the vCPU, whether it is done or traps.',
  hypercall: 'HVC or SMC at EL1. The run ends within it when the call turns the vCPU or the VM off.',
  wfi: 'WFI. The guest waits, and is entered when it goes on; at EL0 it may trap instead.',
  wfe: 'WFE without an event. The turn ends; at EL0 it may trap instead.',
  yield: 'YIELD on a machine with several vCPUs. The turn ends.',
  interrupt: 'An IRQ or FIQ is taken.',
  svc: 'SVC.',
  breakpoint: 'BRK.',
  undefined: 'An instruction that is undefined here.',
  fpAccess: 'A trapped SIMD and floating-point instruction.',
  spAlignment: 'An SP that is not aligned.',
  pcAlignment: 'A jump to an address that is not aligned.',
  illegalState: 'An instruction in the Illegal Execution state.',
  hardwareBreakpoint: 'A breakpoint register matches.',
  watchpoint: 'A watchpoint register matches.',
  softwareStep: 'Software step.',
  fault: 'A data or instruction abort: what the hook `memoryFault` describes.',
  budget: "The turn's instructions are used up, or a vdev, a timer or the host wants the turn to end.",
} as const;

const interruptTaken = {
  irq: 'IRQ: of group 1, from the GIC.',
  fiq: 'FIQ: of group 0, from the GIC.',
} as const;

/** A key of the hook `trap` of an AArch64 vCPU. @experimental */
export type Aarch64TrapKind = keyof typeof trap;
/** A cause of the hooks `guestExit` and `guestEntrance` of an AArch64 vCPU. @experimental */
export type Aarch64ExitCause = keyof typeof guestExit;
/** A kind of the hook `interruptTaken` of an AArch64 vCPU. @experimental */
export type Aarch64InterruptKind = keyof typeof interruptTaken;

/** The hooks of an AArch64 vCPU, with its kinds and causes: see {@link aarch64Hooks}. @experimental */
export type Aarch64VcpuHooks = VcpuHooks<Aarch64TrapKind, Aarch64ExitCause, Aarch64InterruptKind>;

/** The kinds that the hooks of AArch64 vCPUs have, with their descriptions. @experimental */
export const AARCH64_HOOK_KINDS: HookKinds<Aarch64TrapKind, Aarch64ExitCause, Aarch64InterruptKind> = {
  trap,
  guestExit,
  interruptTaken,
};

/**
 * The hooks of a vCPU for a plugin that expects an AArch64 guest: the compiler knows their kinds and causes.
 *
 * @throws `QvmError` `hook.kind` when they are of another architecture.
 * @experimental
 */
export function aarch64Hooks(hooks: Tappable<VcpuHooks>): Tappable<Aarch64VcpuHooks> {
  for (const kind of Object.keys(trap)) hooks.trap.for(kind);
  return hooks as Tappable<Aarch64VcpuHooks>;
}
