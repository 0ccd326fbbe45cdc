import type { Writable } from 'node:stream';
import { formatFinding, type Finding } from '@qvm/config';
import type { Logger, LogLevel } from '@qvm/core';

/**
 * Time in ms within which the end of a VM is normally reported after its log entry, unless its vdevs take long to
 * close.
 */
const HOLD_MS = 250;

/**
 * Prints messages of the engine and vdevs on stderr: warnings and errors, and on request all others. The reason of a
 * VM's end is left to the command, which prints it with its cause.
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

  /** A message for a user at a terminal. */
  greet(message: string): void {
    if (!this.#quiet) this.say(message);
  }

  /** Information that the user needs. */
  say(message: string): void {
    const known = this.#held?.replace(/\.$/, '');
    if (known !== undefined && message.includes(known)) this.#held = undefined;
    this.#release();
    this.#write(message);
  }

  /** Holds back an error for a moment: if it is the VM's end, `say` soon repeats it with more details. */
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
