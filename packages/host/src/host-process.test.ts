import { HostLog } from './host-log.js';
import { HostProcess } from './host-process.js';
import { controlSocketPath } from './control/socket-path.js';
import { TextSink, Workspace } from './host.test.helper.js';

const space = new Workspace();
afterAll(() => space.dispose());

describe('a host process', () => {
  it('serves metrics, logs, and ends its VMs with itself', async () => {
    const sink = new TextSink();
    const log = new HostLog(sink, 'json', false);
    const socket = space.path('control.sock');
    const host = await HostProcess.open({ socket, log, metrics: { host: '127.0.0.1', port: 0 } });
    const { spec, ...options } = space.launch('guest', ['spin']);
    await host.create({ spec, ...options });
    await host.vms.get('guest').start();
    const address = `http://127.0.0.1:${host.metricsAddress?.port ?? 0}`;
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('qvm_host_vms 1\n');
    expect(metrics).toContain('qvm_vm_state{vm="guest",state="running"} 1\n');
    expect(metrics).toMatch(/^# TYPE qvm_vm_instructions_total counter\nqvm_vm_instructions_total\{vm="guest"\} \d+$/m);
    expect((await fetch(`${address}/other`)).status).toBe(404);
    await host.shutdown(10_000);
    await host.closed;
    const entries = sink.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries).toContainEqual(expect.objectContaining({ level: 'info', vm: 'guest', to: 'running' }));
    expect(entries).toContainEqual(
      expect.objectContaining({ vm: 'guest', exitCode: 0, message: 'The VM was stopped.' }),
    );
    expect(entries.at(-1)).toMatchObject({ message: 'down' });
    await expect(host.create({ spec, ...options })).rejects.toMatchObject({ code: 'host.closing' });
  });

  it('serves metrics to this machine only', async () => {
    const log = new HostLog(new TextSink(), 'text', false);
    const socket = space.path('other.sock');
    const open = HostProcess.open({ socket, log, metrics: { host: '0.0.0.0', port: 0 } });
    await expect(open).rejects.toMatchObject({ code: 'host.metrics' });
  });

  it('logs what a guest can write without its line breaks and escapes', () => {
    const sink = new TextSink();
    new HostLog(sink, 'text', false).vm('guest', 'warn', 'one\n\u001b[2Jtwo');
    expect(sink.text).toMatch(/^\S+ warn guest: one \[2Jtwo\n$/);
  });
});

describe('the path of the control socket', () => {
  it.each([
    [{ QVM_SOCKET: '/x/y', XDG_RUNTIME_DIR: '/run/user/1' }, '/x/y'],
    [{ QVM_SOCKET: '', XDG_RUNTIME_DIR: '/run/user/1' }, '/run/user/1/qvm/control.sock'],
    [{}, expect.stringMatching(/\/qvm-\d+\/control\.sock$/)],
  ])('for %j is %s', (environment, path) => {
    expect(controlSocketPath(environment)).toEqual(path);
  });
});
