import type { Writable } from 'node:stream';
import type { LogLevel } from '@qvm/core';

/** Format of a host's log. @experimental */
export type LogFormat = 'text' | 'json';

/** Source of a log message. */
export type LogFields = Readonly<Record<string, string | number>>;

/**
 * The log of a host: one line for each entry, as text or as JSON.
 *
 * @experimental
 */
export class HostLog {
  readonly #output: Writable;
  readonly #format: LogFormat;
  readonly #verbose: boolean;

  /** @param verbose - whether `info` messages of VMs and all `debug` messages are written. */
  constructor(output: Writable, format: LogFormat, verbose: boolean) {
    this.#output = output;
    this.#format = format;
    this.#verbose = verbose;
  }

  /** Messages of the host itself. */
  host(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (level !== 'debug' || this.#verbose) this.#write(level, message, fields);
  }

  /** A message of a VM. */
  vm(name: string, level: LogLevel, message: string): void {
    if (this.#verbose || level === 'error' || level === 'warn') this.#write(level, message, { vm: name });
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    const time = new Date().toISOString();
    const { vm, ...others } = fields;
    const more = Object.entries(others).map(([name, value]) => ` ${name}=${value}`);
    const line =
      this.#format === 'json'
        ? JSON.stringify({ time, level, ...fields, message })
        : `${time} ${level} ${vm === undefined ? 'host' : vm}: ${oneLine(message)}${more.join('')}`;
    this.#output.write(`${line}\n`);
  }
}

/** Removes line breaks and escape sequences, because messages can contain output of guests. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
