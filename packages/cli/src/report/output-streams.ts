import type { Disposable } from '@qvm/core';
import { CliExitCode } from './exit-codes.js';
import { systemReason } from './system-reasons.js';

/*
 * Handling of errors of stdout and stderr, for all commands. This module imports nothing, because help and completion
 * use it, too, and must be fast.
 */

const readers = new Set<() => void>();
let watched = false;
let lost = false;

/**
 * Handles errors of stdout and stderr. If the reader of stdout goes away (`qvm … head`), the command ends silently, in
 * the way that `onReaderGone` has set. Output that is lost for another reason is reported once, and changes exit code
 * 0 to 1. Idempotent.
 */
export function watchOutput(): void {
  if (watched) return;
  watched = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') readerGone();
    else stdoutFailed(error);
  });
  // There is nowhere to report the error but in the exit code.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') outputWasLost();
  });
  process.on('exit', (exitCode) => {
    if (lost && exitCode === 0) process.exitCode = CliExitCode.Failure;
  });
}

/**
 * Sets how a command ends when the reader of stdout has gone, instead of ending at once: by cutting the power of a VM,
 * for example.
 *
 * @returns an object that undoes this when disposed of.
 */
export function onReaderGone(end: () => void): Disposable {
  readers.add(end);
  return { dispose: () => void readers.delete(end) };
}

/** Records that output of this command was lost and the user was informed, if that was possible. */
export function outputWasLost(): void {
  lost = true;
}

/** Whether output of this command was lost, and the user was informed. */
export function outputIsLost(): boolean {
  return lost;
}

function readerGone(): void {
  if (readers.size === 0) process.exit();
  for (const end of [...readers]) end();
}

function stdoutFailed(error: Error): void {
  if (!lost) process.stderr.write(`qvm: error: output is lost: ${systemReason(error) ?? error.message}\n`);
  outputWasLost();
  // Further output would be lost, too, so VMs are ended.
  for (const end of [...readers]) end();
}
