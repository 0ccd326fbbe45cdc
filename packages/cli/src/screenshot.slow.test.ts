import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchGuest } from '@qvm/guests';
import { PNG } from 'pngjs';
import { Workspace } from './run-qvm.test.helper.js';
import { screenProblems } from './text-screen.test.helper.js';

/** Saves the display of a guest in a host as a file, with commands only. An independent library decodes it. */

const LIMIT_MS = 10 * 60_000;
const SERVER = fileURLToPath(new URL('../bin/qvm-vdev-server.mjs', import.meta.url));
const [WIDTH, HEIGHT] = [640, 400];

const space = new Workspace();
const env = { QVM_SOCKET: join(space.folder, 'control.sock') };
const host = spawn(process.execPath, [SERVER], { env: { ...process.env, ...env }, stdio: 'ignore' });
afterAll(async () => {
  host.kill('SIGTERM');
  if (host.exitCode === null) await once(host, 'exit');
  space.dispose();
});

async function qvm(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await space.qvm(args, { env });
  if (exitCode !== 0) throw new Error(`qvm ${args.join(' ')} ended with ${String(exitCode)}: ${stderr}`);
}

/** Types a line in the guest's shell; returns the console output until `end`. */
async function onConsole(vm: string, line: string, end: RegExp): Promise<string> {
  let sent = false;
  const { stdout } = await space.qvm(['console', vm], {
    env,
    onOutput: (text, child) => {
      if (!sent && text.includes('guest# ')) sent = child.stdin?.write(`${line}\n`) !== undefined;
      if (end.test(text)) child.kill();
    },
  });
  return stdout;
}

it(
  'a screenshot shows what the guest says that it shows',
  async () => {
    const { directory } = await fetchGuest('debian-arm64');
    const vm = {
      name: 'screen',
      image: join(directory, 'Image'),
      initrd: join(directory, 'initramfs-full.cpio.gz'),
      cmdline: 'console=tty0 console=ttyAMA0',
      ram: [{ size: '256M' }],
      vdev: [{ type: 'pl011' }, { type: 'ramfb', config: `framebuffer=${WIDTH}x${HEIGHT}-rgb565` }],
    };
    space.write('screen.qvmconf', JSON.stringify(vm));
    await qvm('waitfor', '100');
    await qvm('start', 'screen.qvmconf', '--detach');
    // Without the cursor, which blinks.
    const draw = 'printf "\\033[?25l\\033[2J\\033[H" >/dev/tty0; uname -a >/dev/tty0';
    const said = await onConsole('screen', `${draw}; (echo BEGIN; cat /dev/vcs1; echo; echo END)`, /\nEND\r?\n/);
    const [, screen = ''] = /BEGIN\r?\n([^]*?)\r?\nEND/.exec(said) ?? [];
    expect(screen).toMatch(/^Linux guest \S+ .* aarch64 /);
    await qvm('screenshot', 'screen', '-o', 'screen.png');
    const { width, height, data } = PNG.sync.read(readFileSync(join(space.folder, 'screen.png')));
    expect([width, height]).toEqual([WIDTH, HEIGHT]);
    expect(screenProblems({ width, height, rgba: data }, screen)).toEqual([]);
    await qvm('destroy', 'screen');
  },
  LIMIT_MS,
);
