import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Waits for a line. If the pipe ends without one, the process at its other end has died, and the terminal's settings
 * are restored.
 */
const SCRIPT = 'read -r _ || stty "$1" <&3';

/**
 * A small process that restores a terminal's settings when this process ends without running handlers: by SIGKILL,
 * SIGABRT, or an exhausted heap. It has a session of its own, so that it does not get the terminal's signals. Without
 * `stty` or `sh`, there is no such process.
 */
export class TerminalWatcher {
  readonly #process: ChildProcess | undefined;

  /** @param terminal - descriptor of a terminal, whose current settings are to be restored. */
  constructor(terminal: number) {
    const { status, stdout } = spawnSync('stty', ['-g'], { stdio: [terminal, 'pipe', 'ignore'], encoding: 'utf8' });
    if (status !== 0) return;
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'qvm', stdout.trim()], {
      stdio: ['pipe', 'ignore', 'ignore', terminal],
      detached: true,
    });
    // An error of the watcher is ignored, because qvm works without it.
    this.#process.on('error', () => undefined);
    this.#process.stdin?.on('error', () => undefined);
    this.#process.unref();
    (this.#process.stdin as Socket | null)?.unref();
  }

  /** The settings have been restored: ends the watcher without an effect on the terminal. */
  end(): void {
    this.#process?.stdin?.end('\n');
  }
}
