import type { Readable } from 'node:stream';
import type { Disposable } from '@qvm/core';
import { connectStreams, type VmHandle } from '@qvm/sdk';
import type { CliLogger } from '../report/cli-logger.js';
import { onReaderGone } from '../report/output-streams.js';
import { statsLines } from '../report/vm-report.js';
import { stopOrDestroy } from '../signals.js';
import { EscapeFilter, type EscapeKey } from './escape-filter.js';
import { RawTerminal } from './raw-terminal.js';
import { followTerminalSize } from './terminal-size.js';

/** Time for which a start under instruction-counted time waits for the end of the input. */
const INPUT_WAIT_MS = 250;

/** The connection of a VM's console to the standard streams. */
export interface AttachedConsole extends Disposable {
  /**
   * Waits briefly for the end of a piped input. Input that has arrived before the start is available from the first
   * instruction on, so that runs with the same input are the same.
   */
  inputRead(): Promise<void>;
}

/**
 * Connects the console of a VM to stdin and stdout: in raw mode with escapes if stdin is a terminal, plain otherwise.
 */
export function attachConsole(vm: VmHandle, logger: CliLogger): AttachedConsole {
  const { stdin, stdout } = process;
  const terminal = stdin.isTTY ? new RawTerminal(stdin) : undefined;
  const say = (lines: readonly string[]): void => lines.forEach((line) => logger.say(line));
  const escapes = new EscapeFilter(escapeKeys(vm, say), say);
  const brokenPipe = (): void => void vm.destroy();
  const readerGone = onReaderGone(brokenPipe);
  // An unreadable stdin, such as that of a terminal whose session has ended, is treated like its end.
  stdin.on('error', () => undefined);
  const connection = connectStreams(vm.console, stdin, stdout, {
    ...(terminal === undefined ? {} : { filter: escapes.filter }),
    onBlocked: () => pauseFor(vm),
    onUnblocked: () => resumeAfter(vm),
  });
  const size = followTerminalSize(stdout, (columns, rows) => vm.console.resize(columns, rows));
  if (terminal !== undefined) logger.greet(`the console of ${vm.name}: Ctrl-A x cuts the power, Ctrl-A h helps`);
  terminal?.enter();
  return {
    inputRead: () => (terminal === undefined ? endOf(stdin) : Promise.resolve()),
    dispose: () => {
      connection.dispose();
      terminal?.leave();
      readerGone.dispose();
      size.dispose();
      // An open stdin would keep the process alive.
      stdin.destroy();
    },
  };
}

function endOf(input: Readable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, INPUT_WAIT_MS);
    input.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Pauses the guest while the reader of the output is slow, so that no output is lost and no memory fills. */
function pauseFor(vm: VmHandle): void {
  if (vm.state === 'running') vm.pause();
}

function resumeAfter(vm: VmHandle): void {
  if (vm.state === 'paused') vm.resume();
}

function escapeKeys(vm: VmHandle, say: (lines: readonly string[]) => void): readonly EscapeKey[] {
  return [
    { letters: 'x', help: 'cut the power (exit code 3)', run: () => void vm.destroy() },
    { letters: 'p', help: 'press the power button', run: () => stopOrDestroy(vm) },
    { letters: 's', help: 'statistics', run: () => say(statsLines(vm.stats())) },
  ];
}
