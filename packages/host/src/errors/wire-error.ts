import { ConfigError, type Finding } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { describeError, StartError } from '@qvm/sdk';

/**
 * An error as plain data: what crosses threads and the control socket.
 *
 * @experimental
 */
export interface WireError {
  /** `config` has findings, `start` one; `qvm` has a code; `internal` is a mistake in qvm itself. */
  readonly kind: 'config' | 'start' | 'qvm' | 'internal';
  readonly code: string;
  readonly message: string;
  readonly findings?: readonly Finding[];
}

/** The code of errors that have none of their own. */
const INTERNAL = 'host.internal';

/**
 * Any error as data. Causes become part of the message; stacks stay where they are.
 *
 * @experimental
 */
export function toWireError(error: unknown): WireError {
  if (error instanceof ConfigError) {
    return { kind: 'config', code: error.code, message: error.message, findings: error.findings };
  }
  if (error instanceof StartError) {
    return { kind: 'start', code: error.code, message: describeError(error), findings: [error.finding] };
  }
  if (error instanceof QvmError) return { kind: 'qvm', code: error.code, message: describeError(error) };
  return { kind: 'internal', code: INTERNAL, message: describeError(error) };
}

/**
 * The error again, of the same class.
 *
 * @experimental
 */
export function fromWireError({ kind, code, message, findings = [] }: WireError): Error {
  const [first] = findings;
  if (kind === 'config') return new ConfigError(findings);
  if (kind === 'start' && first !== undefined) return new StartError(code, message, first);
  return kind === 'internal' ? new Error(message) : new QvmError(code, message);
}
