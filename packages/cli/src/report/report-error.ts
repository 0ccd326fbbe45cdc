import { ConfigError, formatFinding, NO_SOURCE, type Finding } from '@qvm/config';
import { QvmError } from '@qvm/core';
import { GuestFetchError } from '@qvm/guests';
import { describeError, exitCodeOf, StartError } from '@qvm/sdk';
import { CliExitCode } from './exit-codes.js';
import { systemReason } from './system-reasons.js';

/** An error that ends the command with one line and a code. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The report of a failed command. */
export interface ErrorReport {
  readonly exitCode: number;
  /** Lines for users. */
  readonly lines: readonly string[];
  /** The same for programs, if it has locations. */
  readonly findings: readonly Finding[];
}

/** Converts any error to lines and an exit code. Stacks are shown on request only. */
export function reportError(error: unknown, debug: boolean): ErrorReport {
  const report = describe(error);
  if (!debug || !(error instanceof Error) || error.stack === undefined) return report;
  return { ...report, lines: [...report.lines, error.stack] };
}

function describe(error: unknown): ErrorReport {
  if (error instanceof ConfigError) {
    return { exitCode: exitCodeOf(error), lines: error.findings.map(placed), findings: error.findings };
  }
  if (error instanceof StartError) {
    return { exitCode: exitCodeOf(error), lines: [placed(error.finding)], findings: [error.finding] };
  }
  if (error instanceof GuestFetchError) {
    const lines = [`qvm: error: ${error.message}`, ...error.detail.split('\n').filter((line) => line !== '')];
    return { exitCode: CliExitCode.Failure, lines, findings: [] };
  }
  const reason = error instanceof QvmError || error instanceof CliError ? undefined : systemReason(error);
  if (reason !== undefined) return { exitCode: CliExitCode.Failure, lines: [`qvm: error: ${reason}`], findings: [] };
  const lines = [`qvm: error: ${describeError(error)}`];
  if (error instanceof CliError) return { exitCode: error.exitCode, lines, findings: [] };
  return { exitCode: exitCodeOfCommand(error), lines, findings: [] };
}

function exitCodeOfCommand(error: unknown): number {
  if (!(error instanceof QvmError)) return CliExitCode.Internal;
  // The output of the command, not a file of a VM.
  return error.code === 'file.unwritable' ? CliExitCode.Failure : exitCodeOf(error);
}

/** A finding without a text to point to is shown without a location. */
function placed(finding: Finding): string {
  if (finding.file !== NO_SOURCE.file) return formatFinding(finding);
  const { severity, message, hint } = finding;
  return `qvm: ${severity}: ${message}${hint === undefined ? '' : `; ${hint}`}`;
}
