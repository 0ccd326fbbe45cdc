import type { Disposable } from '@qvm/core';
import { CliExitCode } from './exit-codes.js';
import { systemReason } from './system-reasons.js';

/*
 * What happens when stdout cannot be written, in one place for all commands. This module loads nothing else: help and completion need it
 * too, and are to be there at once.
 */

const readers = new Set<() => void>();
let watched = false;
let lost = false;

/**
 * Watches stdout and stderr. A reader of stdout that goes away (`qvm … | head`) ends the command in silence, with what
 * `onReaderGone` says. Output that is lost for another reason is told once, and makes exit code 0 a 1. Idempotent.
 */
export function watchOutput(): void {
  if (watched) return;
  watched = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') readerGone();
    else stdoutFailed(error);
  });
  // Nobody could be told.
  process.stderr.on('error', () => undefined);
  process.on('exit', (exitCode) => {
    if (lost && exitCode === 0) process.exitCode = CliExitCode.Failure;
  });
}

/**
 * Says how a command ends when the reader of stdout has gone, in place of ending at once: by cutting the power of a VM, for example.
 *
 * @returns takes it back.
 */
export function onReaderGone(end: () => void): Disposable {
  readers.add(end);
  return { dispose: () => void readers.delete(end) };
}

/** Output of this command was lost, and the user was told. */
export function outputWasLost(): void {
  lost = true;
}

function readerGone(): void {
  if (readers.size === 0) process.exit();
  for (const end of [...readers]) end();
}

function stdoutFailed(error: Error): void {
  if (!lost) process.stderr.write(`qvm: error: output is lost: ${systemReason(error) ?? error.message}\n`);
  outputWasLost();
  // What follows would be lost as well; a VM need not run on for nobody.
  for (const end of [...readers]) end();
}
