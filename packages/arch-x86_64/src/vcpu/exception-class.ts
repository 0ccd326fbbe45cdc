import { Vector } from '@qvm/isa-x86_64';

/** Exceptions that do not make a double fault, faults of the processor's structures, and page faults. */
enum Severity {
  Benign,
  Contributory,
  Page,
  Double,
}

const CONTRIBUTORY: readonly number[] = [Vector.DE, Vector.TS, Vector.NP, Vector.SS, Vector.GP];

function severityOf(vector: number): Severity {
  if (vector === Number(Vector.PF)) return Severity.Page;
  if (vector === Number(Vector.DF)) return Severity.Double;
  return CONTRIBUTORY.includes(vector) ? Severity.Contributory : Severity.Benign;
}

/** The consequence of an exception during the delivery of another. @experimental */
export type Nested = 'second' | 'double' | 'triple';

/**
 * The outcome of an exception during the delivery of a first event (SDM vol. 3, table 6-5).
 *
 * @param first - vector of the first event; undefined for interrupts, which are benign.
 * @experimental
 */
export function nestedException(first: number | undefined, second: number): Nested {
  const before = first === undefined ? Severity.Benign : severityOf(first);
  const now = severityOf(second);
  if (before === Severity.Double && now !== Severity.Benign) return 'triple';
  if (before === Severity.Contributory && now === Severity.Contributory) return 'double';
  if (before === Severity.Page && (now === Severity.Contributory || now === Severity.Page)) return 'double';
  return 'second';
}

/** Exceptions whose saved RFLAGS have RF set, because they restart their instruction (SDM vol. 3, 17.3.1.1). */
const TRAPS: readonly number[] = [Vector.DB, Vector.NMI, Vector.BP, Vector.OF, Vector.DF, Vector.MC];

/** Whether an exception restarts its instruction. @experimental */
export const isFaultVector = (vector: number): boolean => vector < 32 && !TRAPS.includes(vector);
