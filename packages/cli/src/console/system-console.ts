import type { Disposable } from '@qvm/core';
import type { HostedVm, VmHost } from '@qvm/host';
import { onReaderGone } from '../report/output-streams.js';
import { ConsolePrinter } from './console-printer.js';
import { EscapeFilter, type EscapeKey } from './escape-filter.js';
import { RawTerminal } from './raw-terminal.js';
import { followTerminalSize } from './terminal-size.js';

/** Actions of the keys of a {@link SystemConsole}. */
export interface SystemConsoleActions {
  /** Presses all power buttons. */
  readonly stop: () => void;
  /** Cuts the power of all VMs. */
  readonly cut: () => void;
  /** Prints a line for the user. */
  readonly say: (line: string) => void;
}

/**
 * The consoles of several VMs on stdin and stdout: line by line with the names of the VMs. One VM may be in front: its
 * output passes through unchanged, and it gets the typed input.
 */
export class SystemConsole {
  readonly #printer: ConsolePrinter;
  readonly #terminal: RawTerminal | undefined;
  readonly #readerGone: Disposable;
  readonly #size: Disposable | undefined;

  /** @param front - the VM in front, if any. */
  constructor(vms: VmHost['vms'], front: string | undefined, actions: SystemConsoleActions) {
    const { stdin, stdout } = process;
    this.#printer = new ConsolePrinter(
      stdout,
      vms.map(({ name }) => name),
    );
    const inFront = vms.find(({ name }) => name === front);
    for (const vm of vms) {
      vm.console('stdio').attach((bytes) => {
        if (vm === inFront) this.#printer.passThrough(bytes);
        else this.#printer.print(vm.name, bytes);
      });
    }
    this.#readerGone = onReaderGone(actions.cut);
    this.#terminal = inFront !== undefined && stdin.isTTY ? new RawTerminal(stdin) : undefined;
    if (this.#terminal !== undefined) actions.say(`the console of ${front}: Ctrl-A x cuts the power, Ctrl-A h helps`);
    if (inFront !== undefined) void sendInput(inFront, this.#terminal === undefined ? undefined : escapesOf(actions));
    if (inFront !== undefined)
      this.#size = followTerminalSize(stdout, (columns, rows) => resize(inFront, columns, rows));
    this.#terminal?.enter();
  }

  /** Prints unfinished lines, and restores the terminal. */
  dispose(): void {
    this.#printer.end();
    this.#readerGone.dispose();
    this.#size?.dispose();
    this.#terminal?.leave();
    // An open stdin would keep the process alive.
    process.stdin.destroy();
  }
}

/** Sets a console's size; a VM that has ended has no console. */
function resize(vm: HostedVm, columns: number, rows: number): void {
  vm.request('resize', { stream: 'stdio', columns, rows }).catch(() => undefined);
}

function escapesOf({ stop, cut, say }: SystemConsoleActions): EscapeFilter {
  const keys: readonly EscapeKey[] = [
    { letters: 'p', help: 'press the power buttons', run: stop },
    { letters: 'x', help: 'cut the power (exit code 3)', run: cut },
  ];
  return new EscapeFilter(keys, (lines) => lines.forEach(say));
}

async function sendInput(vm: HostedVm, escapes: EscapeFilter | undefined): Promise<void> {
  try {
    for await (const data of process.stdin as AsyncIterable<Uint8Array>) {
      await vm.request('input', { stream: 'stdio', bytes: Uint8Array.from(escapes?.filter(data) ?? data) });
    }
  } catch {
    // The VM has ended, or stdin cannot be read, which is treated like its end.
  }
}
