import type { V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operands, RowOptions, Semantics, X86Row } from '../describe/row.js';

/** A row of an instruction that uses XMM registers: traps if they are not enabled. @internal */
export function sse(
  name: string,
  encodings: readonly string[],
  semantics: Semantics,
  options: RowOptions = {},
): X86Row {
  return inst(name, name, encodings, options, (b, operands, info) => {
    b.checkSse();
    semantics(b, operands, info);
  });
}

/** A row with a destination register and a source of 128 bits, both of which are read. @internal */
export function packed(
  name: string,
  encoding: string,
  of: (b: X86, x: V, y: V) => V,
  options: RowOptions = {},
): X86Row {
  return sse(name, [`${encoding} Vx,Wx`], (b, operands) => combine(b, operands, of), options);
}

function combine(b: X86, [target, source]: Operands, of: (b: X86, x: V, y: V) => V): void {
  const y = b.readAligned(source);
  b.write(target, of(b, b.read(target), y));
}
