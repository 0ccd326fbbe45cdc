import { spawn as spawnChild, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn, type IPty } from '@lydell/node-pty';
import { Workspace } from '../run-qvm.test.helper.js';

/** Tests completion in real shells, each in a terminal of its own: types a line, then the tabulator. */

const QVM = fileURLToPath(new URL('../../bin/qvm.mjs', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('../../../sdk/dist/script-machine.test.helper.js', import.meta.url));
const PATIENCE_MS = 60_000;

const space = new Workspace();
const socket = join(space.folder, 'control.sock');
const env = {
  ...process.env,
  QVM_SOCKET: socket,
  HOME: space.folder,
  PATH: `${space.folder}:${process.env['PATH'] ?? ''}`,
};
let host: ChildProcess;

beforeAll(async () => {
  chmodSync(space.write('qvm', `#!/bin/sh\nexec ${process.execPath} ${QVM} "$@"\n`), 0o755);
  space.writeScript('alphabet', 'sleep');
  const vdev = [{ type: 'virtio-net', config: 'peer=office,name=net0' }];
  space.write(
    'alphabet.qvmconf',
    JSON.stringify({ name: 'alphabet', image: 'alphabet.img', ram: [{ size: '1M' }], vdev }),
  );
  host = spawnChild(process.execPath, [QVM, 'host'], { env, stdio: 'ignore' });
  expect(await space.qvm(['waitfor', '30'], { env: { QVM_SOCKET: socket } })).toMatchObject({ exitCode: 0 });
  const args = ['start', 'alphabet.qvmconf', '--plugin', SCRIPTS];
  expect(await space.qvm(args, { env: { QVM_SOCKET: socket } })).toMatchObject({ exitCode: 0 });
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await space.qvm(['completion', shell]);
    mkdirSync(join(space.folder, '.config/fish/completions'), { recursive: true });
    space.write(shell === 'fish' ? '.config/fish/completions/qvm.fish' : `_qvm.${shell}`, stdout);
  }
}, 2 * PATIENCE_MS);
afterAll(() => {
  host.kill('SIGKILL');
  space.dispose();
});

/** Start and setup of each shell. */
const SHELLS: Readonly<Record<string, { readonly args: readonly string[]; readonly setUp: string }>> = {
  bash: { args: ['--norc', '-i'], setUp: '. ./_qvm.bash; PS1=' },
  zsh: { args: ['-f', '-i'], setUp: 'autoload -U compinit; compinit -u -D; . ./_qvm.zsh; PS1=' },
  fish: { args: ['--private', '-i'], setUp: 'function fish_prompt; end' },
};

/** A shell in a terminal. */
class Typist {
  readonly #terminal: IPty;
  #seen = '';

  constructor(shell: string, args: readonly string[]) {
    this.#terminal = spawn(shell, [...args], { cwd: space.folder, env, cols: 200, rows: 50, name: 'xterm' });
    this.#terminal.onData((text) => {
      this.#seen += text;
      // Fish queries the type of the terminal, and waits for the answer.
      if (text.includes('\u001b[c') || text.includes('\u001b[0c')) this.#terminal.write('\u001b[?62;c');
    });
  }

  /** Types keys, and waits until the terminal shows the text. */
  async type(keys: string, shown: RegExp): Promise<void> {
    this.#seen = '';
    this.#terminal.write(keys);
    const deadline = performance.now() + PATIENCE_MS;
    while (!shown.test(this.#seen)) {
      if (performance.now() > deadline) throw new Error(`${keys}: the terminal shows ${JSON.stringify(this.#seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when the shell has ended: a terminal must not outlive its thread. */
  end(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#terminal.onExit(() => resolve()));
    this.#terminal.kill('SIGKILL');
    return gone;
  }
}

describe.each(Object.entries(SHELLS))('%s', (shell, { args, setUp }) => {
  const present = spawnSync(shell, ['--version']).status === 0;
  const test = present ? it : it.skip;

  test(
    present ? 'completes' : `is not installed: its completion is not tested`,
    async () => {
      const typist = new Typist(shell, args);
      try {
        await typist.type(`${setUp}; echo rea''dy\r`, /ready/);
        // The line is executed: the command gets the completed words.
        const run = async (typed: string, completed: RegExp): Promise<void> => {
          await typist.type(`${typed}\t`, completed);
          await typist.type('\u0015', /(?:)/);
        };
        await run('qvm stat alph', /abet/);
        await run('qvm stat --json alph', /abet/);
        await run('qvm start --engine int', /erp/);
        await run('qvm start --engine=int', /erp/);
        await run('qvm start --engine wasm alpha', /bet\.qvmconf/);
        await run('qvm vdev help virtio-b', /lk/);
        await run('qvm stat alphabet --wat', /ch/);
        await run('qvm start --set pl011.hostd', /ev=/);
        await run('qvm start --set virtio-net.peer=offi', /ce/);
        await run('qvm start --set virtio-net.peer=alph', /abet\/net0/);
        await run('qvm hook list --arch aar', /ch64/);
      } finally {
        await typist.end();
      }
    },
    8 * PATIENCE_MS,
  );
});
