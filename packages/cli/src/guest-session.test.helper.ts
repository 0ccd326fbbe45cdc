import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const QVM = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
const LIMIT_MS = 10 * 60_000;

/** A guest with typed input. */
export class GuestSession {
  readonly #child: ChildProcessWithoutNullStreams;
  output = '';

  constructor(config: string, ...options: readonly string[]) {
    // A host that runs on this machine is none of the test's business.
    this.#child = spawn(process.execPath, [QVM, 'start', '--alone', config, ...options], {
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits until the guest has printed the text, or has ended. */
  async until(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#isOver) throw new Error(`${text} never came:\n${this.output.slice(-2000)}`);
      await delay(50);
    }
  }

  get lines(): readonly string[] {
    return this.output.split(/\r*\n/);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Waits for the guest to power off; returns qvm's exit code. */
  async ended(): Promise<unknown> {
    this.#child.stdin.end();
    const [exitCode] = this.#isOver ? [this.#child.exitCode] : await once(this.#child, 'close');
    return exitCode;
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
