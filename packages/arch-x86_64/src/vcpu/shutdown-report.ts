/** The registers of a report, in rows. */
const ROWS = [
  ['rip', 'rflags', 'cs', 'ss'],
  ['rax', 'rbx', 'rcx', 'rdx'],
  ['rsi', 'rdi', 'rbp', 'rsp'],
  ['cr0', 'cr2', 'cr3', 'cr4', 'efer'],
] as const;

/**
 * Describes a triple fault: the exceptions that could not be delivered, and the registers.
 *
 * @param chain - vectors of the exceptions, in their order.
 * @experimental
 */
export function shutdownReport(
  index: number,
  chain: readonly number[],
  registers: Readonly<Record<string, bigint>>,
): string {
  const text = (name: string): string => `${name} 0x${(registers[name] ?? 0n).toString(16)}`;
  const rows = ROWS.map((names) => names.map(text).join(', '));
  return `vCPU ${index} shuts down: exceptions ${chain.join(', ')} cannot be delivered (triple fault). ${rows.join('; ')}.`;
}
