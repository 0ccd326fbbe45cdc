import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTerminal as runOnTerminal, QVM } from './on-terminal.test.helper.js';
import { Workspace } from './run-qvm.test.helper.js';

/** The keys to type, or an action with the process. */
type Act = string | ((pid: number) => void);

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const SCRIPTS = `--plugin '${path('../../sdk/dist/script-machine.test.helper.js')}'`;

const space = new Workspace();
beforeAll(() => space.writeScript('echo', 'print ready', 'echo', 'print done', 'poweroff'));
afterAll(() => space.dispose());

const START = `start echo.qvmconf ${SCRIPTS}`;

/** A shell on a terminal that runs the command; types what `answers` says, or does it, when it has seen the key. */
function onTerminal(
  answers: readonly (readonly [seen: string, act: Act])[],
  args = START,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  // The shell compares the terminal's mode before and after. A process beside a dead command needs a moment to give it back.
  const command = `sh -c 'echo "pid=$$"; exec "$@"' sh ${QVM} ${args}`;
  const same = `for try in $(seq 300); do [ "$(stty -a)" = "$before" ] && echo "terminal as it was" && break; sleep 0.1; done`;
  const line = `before=$(stty -a); ${command}; echo "rc=$?"; ${same}`;
  const withPid = answers.map(([seen, act]) => {
    if (typeof act === 'string') return [seen, act] as const;
    return [seen, (output: string) => act(Number(/pid=(\d+)/.exec(output)?.[1]))] as const;
  });
  return runOnTerminal(line, withPid, { cwd: space.folder, variables });
}

/** Whether the terminal has been restored. */
function restored(output: string): boolean {
  return output.includes('terminal as it was');
}

describe('on a terminal', () => {
  it('keys go to the guest, Ctrl-C and Ctrl-A twice among them', async () => {
    const output = await onTerminal([['ready', 'k\u0003\u0001\u0001\u0001a\u0001zq']]);
    expect(output).toContain('k\u0003\u0001\u0001done');
    expect(output).toContain('rc=0');
    expect(restored(output)).toBe(true);
  });

  it('Ctrl-A h helps, s shows statistics, x cuts the power', async () => {
    const output = await onTerminal([
      ['ready', '\u0001h'],
      ['Ctrl-A p', '\u0001s'],
      ['interrupts', '\u0001x'],
    ]);
    expect(output).toContain('qvm: the console of echo: Ctrl-A x cuts the power, Ctrl-A h helps\r\n');
    expect(output).toContain('qvm: Ctrl-A h   this help\r\n');
    expect(output).toContain('qvm: error: echo: The power was cut\r\n');
    expect(output).toContain('rc=3');
    expect(restored(output)).toBe(true);
  });

  it.each(['SIGKILL', 'SIGABRT', 'SIGUSR2', 'SIGALRM'] as const)('the mode is given back after %s', async (signal) => {
    const output = await onTerminal([['ready', (pid) => void process.kill(pid, signal)]]);
    expect(output).toMatch(/rc=1\d\d/);
    expect(restored(output)).toBe(true);
  });

  it('Ctrl-A p presses the power button', async () => {
    const output = await onTerminal([['ready', '\u0001p']]);
    expect(output).toContain('rc=0');
    expect(restored(output)).toBe(true);
  });

  it('"console" takes keys for the guest from the first character that it shows', async () => {
    const variables = { QVM_SOCKET: join(space.folder, 'control.sock') };
    const host = space.qvm(['host'], { env: variables });
    try {
      await space.qvm(['waitfor', '100'], { env: variables });
      await space.qvmScript(['start', '-d', 'echo.qvmconf'], { env: variables });
      const output = await onTerminal([['ready', 'k\u0001\u0001q']], 'console echo', variables);
      expect(output).toContain('qvm: the console of echo; Ctrl-A d detaches, Ctrl-A h helps\r\n');
      // The terminal itself would show ^A.
      expect(output).toContain('k\u0001done');
      expect(output).not.toContain('^A');
      expect(output).toContain('rc=0');
      expect(restored(output)).toBe(true);
    } finally {
      await space.qvm(['host', 'stop'], { env: variables });
      await host;
    }
  });
});
