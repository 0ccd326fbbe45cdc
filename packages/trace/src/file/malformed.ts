import { QvmError } from '@qvm/core';

/** The error of a file that is no trace, or a damaged one. */
export function malformed(why: string): QvmError {
  return new QvmError('trace.format', `This is no trace that can be read: ${why}.`);
}

/** @throws QvmError `trace.format` unless the condition holds. */
export function need(condition: boolean, why: string): asserts condition {
  if (!condition) throw malformed(why);
}
