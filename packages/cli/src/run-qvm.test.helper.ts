import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BATCH = fileURLToPath(new URL('./batch.test.helper.js', import.meta.url));
const BIN = fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url));
/** The scripted architecture of the SDK's tests, whose guests are texts. */
const SCRIPTS = fileURLToPath(new URL('../../sdk/dist/script-machine.test.helper.js', import.meta.url));

/** The outcome of a run of the command. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a run. */
export interface RunOptions {
  /** Text for stdin, which is then closed. Absent: stdin stays open without input. */
  readonly input?: string;
  /** Working folder, relative to the workspace. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called each time that stdout has grown. */
  readonly onOutput?: (stdout: string, child: ChildProcess) => void;
}

/**
 * A folder with files for the command, in which the command runs. A command has no time-out of its own: when the
 * test's time is over, disposing of the workspace ends it.
 */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'qvm-cli-'));
  readonly #running = new Set<ChildProcess>();

  dispose(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** A configuration and its script, for `qvmScript`. */
  writeScript(name: string, ...lines: readonly string[]): void {
    this.write(`${name}.img`, `script\n${lines.join('\n')}\n`);
    this.write(`${name}.qvmconf`, `{ "name": "${name}", "image": "${name}.img", "ram": [{ "size": "1M" }] }\n`);
  }

  /** Runs `qvm` to its end. */
  qvm(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#node([BIN, ...args], options);
  }

  /** Runs several commands in one process, each in its folder. */
  async batch(runs: readonly { readonly folder: string; readonly args: readonly string[] }[]): Promise<Outcome[]> {
    const { stdout } = await this.#node([BATCH], { input: JSON.stringify(runs) });
    return JSON.parse(stdout) as Outcome[];
  }

  /** Runs a VM whose guest is a script. */
  qvmScript(args: readonly string[], options?: RunOptions): Promise<Outcome> {
    return this.qvm([...args, '--plugin', SCRIPTS], options);
  }

  #node(args: readonly string[], options: RunOptions): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      // A host that runs on this machine must not take part in the test.
      const socket = join(this.folder, 'no-host.sock');
      const env = { ...process.env, QVM_DEBUG: '', NO_COLOR: '1', QVM_SOCKET: socket, ...options.env };
      const cwd = join(this.folder, options.folder ?? '');
      const child = spawn(process.execPath, args, { cwd, env });
      this.#running.add(child);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        options.onOutput?.(stdout, child);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (exitCode) => {
        this.#running.delete(child);
        resolve({ exitCode, stdout, stderr });
      });
      child.stdin.on('error', () => undefined);
      if (options.input !== undefined) child.stdin.end(options.input);
    });
  }
}
