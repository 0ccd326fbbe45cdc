import { Workspace } from './run-qvm.test.helper.js';

/** One `qvm start` with several VMs, whose guests are scripts. */

const space = new Workspace();
afterAll(() => space.dispose());

beforeAll(() => {
  space.writeScript('one', 'print first', 'poweroff');
  space.writeScript('two', 'print second', 'exit 40');
  space.writeScript('sleeper', 'print asleep', 'sleep');
  space.write(
    'system.qvmconf',
    JSON.stringify({
      host: { cpulist: '0', priority: 10, vdev: [{ type: 'ramfb' }] },
      vms: [{ name: 'one', config: 'one.qvmconf' }],
      switches: [{ name: 'vswitch0', vlans: '10,20' }],
    }),
  );
});

it('prints their consoles with their names, records them in one trace, and ends as the first that did not end well', async () => {
  const { exitCode, stdout } = await space.qvmScript(['start', 'one.qvmconf', 'two.qvmconf', '--trace', 'all.kev']);
  expect(stdout.split('\n').sort()).toEqual(['', 'one | first', 'two | second']);
  expect(exitCode).toBe(40);
  const trace = await space.qvm(['trace', 'print', 'all.kev']);
  expect(trace.stdout).toMatch(/CPU:01 .*qvm:one/);
  expect(trace.stdout).toMatch(/CPU:02 .*qvm:two/);
});

it('ends all when the one in front ends', async () => {
  const { stdout, stderr } = await space.qvmScript(['start', 'sleeper.qvmconf', 'one.qvmconf', '--console', 'one']);
  expect(stdout).toContain('first');
  expect(stdout).not.toContain('one     |');
  expect(stderr).not.toContain('one:');
});

it('refuses a trace as text', async () => {
  const outcome = await space.qvmScript(['start', 'one.qvmconf', 'two.qvmconf', '--trace', 'all.txt']);
  expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
  expect(outcome.stderr).toContain('a trace of several VMs is binary');
});

it('says what a system file asks for and does not get', async () => {
  const { exitCode, stdout, stderr } = await space.qvmScript(['start', 'system.qvmconf']);
  expect([exitCode, stdout]).toEqual([0, 'one | first\n']);
  for (const what of ['the vdev ramfb of the host', '"vlans" of the switch vswitch0']) {
    expect(stderr).toContain(`${what} is kept and changes nothing in this version`);
  }
});
