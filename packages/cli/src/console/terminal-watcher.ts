import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/** Waits for a line; when the pipe ends without one, its other end has died, and the terminal gets its settings back. */
const SCRIPT = 'read -r _ || stty "$1" <&3';

/**
 * A small process that gives a terminal its settings back when this process ends in a way that no handler sees: SIGKILL, SIGABRT, an
 * exhausted heap. It is in a session of its own, so that the signals of the terminal are not for it. Where there is no `stty` or
 * `sh`, there is no such process.
 */
export class TerminalWatcher {
  readonly #process: ChildProcess | undefined;

  /** @param terminal - descriptor of a terminal, with the settings that it shall get back. */
  constructor(terminal: number) {
    const { status, stdout } = spawnSync('stty', ['-g'], { stdio: [terminal, 'pipe', 'ignore'], encoding: 'utf8' });
    if (status !== 0) return;
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'qvm', stdout.trim()], {
      stdio: ['pipe', 'ignore', 'ignore', terminal],
      detached: true,
    });
    // It keeps this process from nothing, and without it all goes on.
    this.#process.on('error', () => undefined);
    this.#process.stdin?.on('error', () => undefined);
    this.#process.unref();
    (this.#process.stdin as Socket | null)?.unref();
  }

  /** The terminal has its settings again: the process ends, and changes nothing. */
  end(): void {
    this.#process?.stdin?.end('\n');
  }
}
