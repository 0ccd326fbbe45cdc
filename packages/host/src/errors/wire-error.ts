import { ConfigError, type Finding } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { describeError, StartError } from '@qvm/sdk';

/**
 * An error as plain data, to be sent between threads or over the control socket.
 *
 * @experimental
 */
export interface WireError {
  /** `config` has findings, `start` has one; `qvm` has a code; `internal` is a bug in qvm itself. */
  readonly kind: 'config' | 'start' | 'qvm' | 'internal';
  /** The stable code of the error (docs/errors.md); `host.internal` for a mistake in qvm. */
  readonly code: string;
  /** The message, with those of its causes. */
  readonly message: string;
  /** Problems with their places, for the kinds `config` and `start`. */
  readonly findings?: readonly Finding[];
}

/** The code of errors without a code of their own. */
const INTERNAL = 'host.internal';

/**
 * Converts any error to data. Causes become part of the message; stacks are omitted.
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
 * Converts data back to an error of the same class.
 *
 * @experimental
 */
export function fromWireError({ kind, code, message, findings = [] }: WireError): Error {
  const [first] = findings;
  if (kind === 'config') return new ConfigError(findings);
  if (kind === 'start' && first !== undefined) return new StartError(code, message, first);
  return kind === 'internal' ? new Error(message) : new QvmError(code, message);
}
