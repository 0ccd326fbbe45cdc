import { exceptionName } from '../system/describe-fault.js';

type Registers = Readonly<Record<string, bigint>>;

/** The registers of a report, in groups. */
const GROUPS = [
  ['rip', 'rflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs'],
  ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'],
  ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ['cr0', 'cr2', 'cr3', 'cr4', 'efer'],
  ['gdtr.base', 'gdtr.limit', 'idtr.base', 'idtr.limit', 'tr.base'],
] as const;

const hexadecimal = (value = 0n): string => `0x${value.toString(16)}`;

/** The registers that tell where a processor stopped and by which tables. */
function registersText(registers: Registers): string {
  const groups = GROUPS.map((names) => names.map((name) => `${name} ${hexadecimal(registers[name])}`).join(' '));
  return groups.join(', ');
}

/**
 * Describes a triple fault: the exceptions that could not be delivered, and the registers.
 *
 * @param chain - vectors of the exceptions, in their order.
 * @experimental
 */
export function shutdownReport(index: number, chain: readonly number[], registers: Registers): string {
  const events = chain.map(exceptionName).join(', ');
  return `vCPU ${index} shuts down at ${hexadecimal(registers.rip)} by a triple fault: ${events}; none of them can be delivered. Registers: ${registersText(registers)}.`;
}

/**
 * Describes a HLT with interrupts off.
 *
 * @experimental
 */
export function haltReport(index: number, registers: Registers): string {
  return `vCPU ${index} halted with interrupts off before ${hexadecimal(registers.rip)}: only an NMI or INIT would continue it. Registers: ${registersText(registers)}.`;
}
