import type { HookKinds, Tappable, VcpuHooks } from '@qvm/core/hooks';

const trap = {
  divideError: '#DE: a division by 0, or whose quotient does not fit.',
  debug: '#DB: a breakpoint register, single step or INT1. DR6 has the causes.',
  breakpoint: 'INT3: a breakpoint in the code. When a tap handles it, the guest continues after it.',
  overflow: 'INTO with OF set.',
  boundRange: '#BR: BOUND with an index out of range.',
  invalidOpcode: '#UD: an instruction that does not exist, or not in this mode.',
  deviceNotAvailable: '#NM: an x87, MMX or SSE instruction while CR0.TS or CR0.EM is set.',
  invalidTss: '#TS: a task-state segment that is not valid.',
  segmentNotPresent: '#NP: a segment or gate that is not present.',
  stackFault: '#SS: an access to the stack beyond its limit, or not canonical.',
  generalProtection: '#GP: whatever else is not allowed.',
  x87Error: '#MF: an unmasked x87 exception.',
  alignmentCheck: '#AC: a misaligned access at CPL 3 while alignment is checked.',
  simdError: '#XM: an unmasked SSE exception.',
  softwareInterrupt: 'INT n: a call through the interrupt descriptor table; the vector is `immediate`.',
  systemCall: 'SYSCALL or SYSENTER.',
  cpuid: 'CPUID. A tap that handles it has written the result registers.',
  rdmsr: 'RDMSR. A tap that handles it has written EDX:EAX; the number of the register is in ECX.',
  wrmsr: 'WRMSR. A tap that handles it replaces the write.',
  vmcall: 'VMCALL or VMMCALL: a call to the hypervisor. When no tap handles it, the hook `hypercall` is next.',
} as const;

const guestExit = {
  mmio: 'An access to a register of a vdev, which `vdev` and `access` describe.',
  io: 'An access to an I/O port of a vdev, which `vdev` and `access` describe.',
  cpuid: 'CPUID.',
  msr: 'RDMSR or WRMSR.',
  time: 'RDTSC, RDTSCP.',
  controlRegister:
    'An access to a control or debug register: MOV, LMSW, SMSW, CLTS, and FSGSBASE. MOV from a control register and FSGSBASE only while this hook or `guestEntrance` is tapped.',
  descriptorTable: 'LGDT, LIDT, LLDT, LTR and the instructions that store these registers.',
  segment: 'A load of a segment register, or a question about a segment: LAR, LSL, VERR, VERW.',
  farTransfer: 'A far JMP, CALL or RET.',
  interruptReturn: 'IRET. IRETQ only while this hook or `guestEntrance` is tapped, or where something is unusual.',
  tlb: 'INVLPG, INVPCID; INVD and WBINVD.',
  systemCall:
    'SYSCALL, SYSRET, SYSENTER, SYSEXIT; SWAPGS. In 64-bit code, only while this hook, `guestEntrance` or `trap` of `systemCall` is tapped.',
  softwareInterrupt: 'INT n, INT3, INTO, INT1.',
  flags: 'POPF, CLI or STI that generated code leaves to the vCPU.',
  context: 'FXSAVE, FXRSTOR, FWAIT.',
  hypercall: 'VMCALL or VMMCALL.',
  otherInstruction: 'Another instruction that the vCPU executes.',
  halt: 'HLT. The guest waits for an interrupt.',
  pause: 'PAUSE on a machine with several vCPUs. The turn ends.',
  interrupt: 'An interrupt of the local APIC is taken.',
  nmi: 'A non-maskable interrupt is taken.',
  init: 'INIT or a start-up message is taken.',
  pageFault: '#PF: what the hook `memoryFault` describes.',
  exception: 'Any other exception.',
  budget: "The turn's instructions are used up, or a vdev, a timer or the host wants the turn to end.",
} as const;

const interruptTaken = {
  external: 'An interrupt of the local APIC, or of the 8259A pair through it.',
  nmi: 'A non-maskable interrupt.',
} as const;

/** A key of the hook `trap` of an x86_64 vCPU. @experimental */
export type X86TrapKind = keyof typeof trap;
/** A cause of the hooks `guestExit` and `guestEntrance` of an x86_64 vCPU. @experimental */
export type X86ExitCause = keyof typeof guestExit;
/** A kind of the hook `interruptTaken` of an x86_64 vCPU. @experimental */
export type X86InterruptKind = keyof typeof interruptTaken;

/** The hooks of an x86_64 vCPU, with its kinds and causes: see {@link x86Hooks}. @experimental */
export type X86VcpuHooks = VcpuHooks<X86TrapKind, X86ExitCause, X86InterruptKind>;

/** The kinds that the hooks of x86_64 vCPUs have, with their descriptions. @experimental */
export const X86_HOOK_KINDS: HookKinds<X86TrapKind, X86ExitCause, X86InterruptKind> = {
  trap,
  guestExit,
  interruptTaken,
};

/**
 * The hooks of a vCPU for a plugin that expects an x86_64 guest: the compiler knows their kinds and causes.
 *
 * @throws `QvmError` `hook.kind` when they are of another architecture.
 * @experimental
 */
export function x86Hooks(hooks: Tappable<VcpuHooks>): Tappable<X86VcpuHooks> {
  for (const kind of Object.keys(trap)) hooks.trap.for(kind);
  return hooks as Tappable<X86VcpuHooks>;
}
