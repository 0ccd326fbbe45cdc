import type { Writable } from 'node:stream';
import { formatFinding, type Finding } from '@qvm/config';
import type { Logger, LogLevel } from '@qvm/core';

/** The end of a VM is told within this time of its log entry, in ms, unless its vdevs take long to close. */
const HOLD_MS = 250;

/**
 * Messages of the engine and vdevs, on stderr: warnings and errors, on request the rest. The reason of a VM's end is left to
 * the command, which says it with its cause.
 */
export class CliLogger implements Logger {
  readonly #output: Writable & { readonly isTTY?: boolean };
  readonly #verbose: boolean;
  readonly #quiet: boolean;
  #held: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(output: Writable, options: { readonly verbose: boolean; readonly quiet: boolean }) {
    this.#output = output;
    this.#verbose = options.verbose;
    this.#quiet = options.quiet;
  }

  log(level: LogLevel, message: string): void {
    if (this.#quiet || (!this.#verbose && level !== 'error' && level !== 'warn')) return;
    this.#release();
    if (level === 'error') this.#hold(message);
    else this.#write(level === 'warn' ? `warning: ${message}` : message);
  }

  warn(finding: Finding): void {
    if (!this.#quiet) this.#output.write(`${formatFinding(finding)}\n`);
  }

  /** A word to someone at a terminal. */
  greet(message: string): void {
    if (!this.#quiet) this.say(message);
  }

  /** Something the user needs to know. */
  say(message: string): void {
    const known = this.#held?.replace(/\.$/, '');
    if (known !== undefined && message.includes(known)) this.#held = undefined;
    this.#release();
    this.#write(message);
  }

  /** An error may be the VM's end: then `say` repeats it with more, at once. It waits for that no longer than a moment. */
  #hold(message: string): void {
    this.#held = message;
    this.#timer = setTimeout(this.#release, HOLD_MS).unref();
    process.once('exit', this.#release);
  }

  readonly #release = (): void => {
    clearTimeout(this.#timer);
    process.off('exit', this.#release);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#write(`error: ${held}`);
  };

  #write(message: string): void {
    this.#output.write(`qvm: ${message}\n`);
  }
}
