import { spawn } from 'node:child_process';
import { cpuSecondsOf, residentMibOf } from './host.mjs';

/** How much console output an error shows. */
const TAIL_LINES = 15;
const STOP_MS = 5000;

const running = new Set();

/** Ends every guest that still runs: for an interrupted measurement. */
export function killAll() {
  for (const guest of running) guest.kill();
}

/** A virtual machine in a process of its own, with its console on the process's stdin and stdout. */
export class GuestProcess {
  #child;
  #console = '';
  /** How much of the console `waitFor` has gone past. */
  #seen = 0;
  #wake = () => undefined;
  #started = performance.now();
  /** The output of the process to stderr. */
  errors = '';
  /** Resolves when the process is gone. */
  ended;

  constructor({ command, args }) {
    this.#child = spawn(command, args, { stdio: 'pipe' });
    running.add(this);
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    }).then((how) => {
      running.delete(this);
      this.how = how;
      this.#wake();
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('latin1').on('data', (text) => {
      this.#console += text;
      this.#wake();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.errors += text));
  }

  /** Seconds since the process was started. */
  get age() {
    return (performance.now() - this.#started) / 1000;
  }

  /** Everything that the console has shown. */
  get console() {
    return this.#console;
  }

  /** CPU seconds of the whole process so far, or undefined where the host does not tell. */
  get cpuSeconds() {
    return cpuSecondsOf(this.#child.pid);
  }

  /** Resident memory now, in MiB, or undefined where the host does not tell. */
  get residentMib() {
    return residentMibOf(this.#child.pid);
  }

  type(text) {
    this.#child.stdin.write(text);
  }

  /** Waits until the console shows `text` after the last text waited for; returns the console up to it. */
  async waitFor(text, timeoutSeconds) {
    const deadline = this.age + timeoutSeconds;
    for (;;) {
      const at = this.#console.indexOf(text, this.#seen);
      if (at >= 0) {
        const before = this.#console.slice(this.#seen, at);
        this.#seen = at + text.length;
        return before;
      }
      if (this.how !== undefined) throw this.#failure(`ended (${this.how}) before "${text}"`);
      if (this.age > deadline) throw this.#failure(`did not print "${text}" within ${timeoutSeconds} s`);
      await this.#news((deadline - this.age) * 1000);
    }
  }

  /** Waits until the guest has powered off. */
  async end(timeoutSeconds) {
    const timer = setTimeout(() => this.kill(), timeoutSeconds * 1000);
    await this.ended;
    clearTimeout(timer);
    if (this.how !== 'exit code 0') throw this.#failure(`did not power off (${this.how})`);
  }

  /** Ends the process, gently first. */
  kill() {
    if (this.how !== undefined) return;
    this.#child.kill('SIGTERM');
    setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS).unref();
  }

  #news(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #failure(what) {
    const tail = this.#console.trimEnd().split('\n').slice(-TAIL_LINES);
    return new Error(
      [`the guest ${what}`, ...tail.map((line) => `  | ${line.trimEnd()}`), this.errors.trim()].join('\n'),
    );
  }
}
