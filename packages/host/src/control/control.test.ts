import { connect } from 'node:net';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import * as fc from 'fast-check';
import { HostProcess } from '../host-process.js';
import { eventually, silentLog, Workspace } from '../host.test.helper.js';
import { bindSocket } from './bind-socket.js';
import { ControlClient } from './control-client.js';
import { ControlServer } from './control-server.js';
import { MAX_CLIENTS, MAX_REQUEST_BYTES, MAX_WAITING_OUTPUT, REQUEST_TIMEOUT_MS } from './protocol.js';

const space = new Workspace();
const socket = space.path('control.sock');
let host: HostProcess;
let client: ControlClient;
beforeAll(async () => {
  host = await HostProcess.open({ socket, log: silentLog() });
  client = await ControlClient.connect(socket);
});
afterAll(async () => {
  client.close();
  await host.shutdown(0);
  space.dispose();
});

/** Sends a text unchanged; returns the answer when `enough` returns true or the host has ended the connection. */
function raw(text: string | Uint8Array, enough: (answer: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const connection = connect(socket, () => connection.write(text));
    connection.on('data', (data) => {
      answer += String(data);
      if (enough(answer)) connection.destroy();
    });
    connection.on('error', () => undefined);
    connection.on('close', () => resolve(answer));
  });
}

/** Sends a text unchanged and hangs up; resolves when the host has hung up, too. */
function throwIn(text: string): Promise<void> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => connection.end(text));
    connection.on('error', () => undefined);
    connection.on('close', () => resolve());
    connection.resume();
  });
}

/** Leaves a socket behind that nothing listens at, as a killed host does. */
async function leaveDeadSocket(path: string): Promise<void> {
  const server = createServer();
  server.listen(`${path}.first`);
  await once(server, 'listening');
  linkSync(`${path}.first`, path);
  server.close();
  await once(server, 'close');
}

const HELLO = '{"id":1,"method":"hello","params":{"version":1}}\n';

describe('a client that does not end what it began', () => {
  const late = space.path('late.sock');
  const deadlines = new Set<() => void>();
  let server: ControlServer;
  beforeAll(async () => {
    server = new ControlServer(late, host, 'test', (milliseconds, callback) => {
      expect(milliseconds).toBe(REQUEST_TIMEOUT_MS);
      deadlines.add(callback);
      return () => deadlines.delete(callback);
    });
    await server.listen();
  });
  afterAll(() => server.close());

  /** Makes all current deadlines expire. */
  function timePasses(): void {
    for (const callback of [...deadlines]) callback();
  }

  /** A client that has sent something. */
  class Sender {
    readonly connection = connect(late);
    readonly closed = once(this.connection, 'close');
    answers = '';

    constructor(text: string) {
      this.connection.on('error', () => undefined);
      this.connection.on('data', (data) => (this.answers += String(data)));
      this.connection.write(text);
    }

    /** Waits until it has received `count` answers. */
    async answered(count: number): Promise<void> {
      await eventually(() => this.answers.split('\n').length > count);
    }
  }

  it.each([
    ['says nothing', '', 0],
    ['does not end its greeting', '{"id":1,"method":"hello"', 0],
    ['does not end its request', `${HELLO}{"id":2,"method":"vm.list"`, 1],
  ])('loses its place: it %s', async (_what, text, answers) => {
    const sender = new Sender(text);
    await eventually(() => server.clients === 1);
    await sender.answered(answers);
    timePasses();
    await sender.closed;
    expect(sender.answers).toContain('"protocol.timeout"');
    await eventually(() => server.clients === 0);
  });

  it('keeps it while it asks for nothing', async () => {
    const sender = new Sender(HELLO);
    await sender.answered(1);
    timePasses();
    sender.connection.write('{"id":2,"method":"vm.list"}\n');
    await sender.answered(2);
    expect(sender.answers.split('\n').slice(1)).toEqual([expect.stringContaining('"id":2,"result"'), '']);
    sender.connection.destroy();
    await eventually(() => server.clients === 0);
  });
});

describe('the control socket', () => {
  it('is for its owner only', () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  it('makes, lists, asks and ends VMs', async () => {
    const { spec, ...options } = space.launch('guest', ['print hello', 'echo', 'poweroff']);
    const { id } = await client.request('vm.create', { spec, ...options });
    await client.request('vm.start', { vm: 'guest' });
    let text = '';
    const { ended } = await client.attach({ vm: String(id) }, (bytes) => (text += new TextDecoder().decode(bytes)));
    await client.request('vm.pause', { vm: 'guest' });
    await expect(client.request('vm.pause', { vm: 'guest' })).rejects.toMatchObject({
      code: 'vm.illegal-transition',
      message: 'The VM guest cannot pause: it is paused',
    });
    expect(await client.request('vm.list', {})).toMatchObject([{ id, name: 'guest', state: 'paused', ram: 0x10_0000 }]);
    await client.request('vm.resume', { vm: 'guest' });
    expect(await client.request('vm.stat', { vm: 'guest' })).toMatchObject({ name: 'guest', vcpus: [{ index: 0 }] });
    expect(await client.request('vm.irqstat', { vm: 'guest' })).toContainEqual(
      expect.objectContaining({ source: 'pl031-0', count: 0 }),
    );
    expect((await client.request('vm.vdevstat', { vm: 'guest' })).map(({ type }) => type)).toContain('pl011');
    expect(await client.request('vm.registers', { vm: 'guest' })).toEqual([
      { pc: expect.stringMatching(/^0x/) as string },
    ]);
    const { base64 } = await client.request('vm.memory', { vm: 'guest', address: 0x4000_0000, length: 16 });
    expect(Buffer.from(base64, 'base64')).toEqual(Buffer.alloc(16));
    await expect(client.request('vm.memory', { vm: 'guest', address: 0, length: 16 })).rejects.toMatchObject({
      code: 'memory.guest-access',
    });
    expect(await client.request('console.resize', { vm: 'guest', columns: 132, rows: 43 })).toEqual({});
    await expect(client.request('console.resize', { vm: 'guest', columns: 0x1_0000, rows: 43 })).rejects.toMatchObject({
      code: 'protocol.params',
    });
    await client.request('console.input', { vm: 'guest', base64: Buffer.from('echoq').toString('base64') });
    expect(await client.request('vm.wait', { vm: 'guest' })).toEqual({ exitCode: 0, reason: 'The guest powered off.' });
    await ended;
    expect(text).toBe('hello\necho');
    await expect(client.request('vm.resume', { vm: 'guest' })).rejects.toMatchObject({
      message: 'The VM guest cannot resume: it is stopped',
    });
  });

  it('passes on what is wrong with a configuration, with its places', async () => {
    const { spec, ...options } = space.launch('wrong', []);
    const at = { file: 'x.qvmconf', line: 3, column: 9 };
    const vdevs = [{ type: 'pl01', options: [], source: { at, fields: {} } }];
    await expect(client.request('vm.create', { spec: { ...spec, vdevs }, ...options })).rejects.toMatchObject({
      name: 'ConfigError',
      findings: [{ ...at, code: 'config.unknown-vdev' }],
    });
  });

  it.each([
    ['no JSON', 'rubbish\n', 'protocol.malformed'],
    ['no object', '[1]\n', 'protocol.malformed'],
    ['no number', '{"method":"hello"}\n', 'protocol.malformed'],
    ['no UTF-8', Uint8Array.of(0xff, 0x0a), 'protocol.malformed'],
    ['a line too long', `"${'x'.repeat(MAX_REQUEST_BYTES)}`, 'protocol.malformed'],
    ['no greeting', '{"id":1,"method":"vm.list"}\n', 'protocol.hello'],
    ['another version', '{"id":1,"method":"hello","params":{"version":2}}\n', 'protocol.version'],
    ['an unknown method', `${HELLO}{"id":2,"method":"toString"}\n`, 'protocol.method'],
    ['parameters that are none', `${HELLO}{"id":2,"method":"vm.list","params":7}\n`, 'protocol.malformed'],
    ['a wrong parameter', `${HELLO}{"id":2,"method":"vm.pause","params":{"vm":7}}\n`, 'protocol.params'],
    ['an unknown VM', `${HELLO}{"id":2,"method":"vm.pause","params":{"vm":"nobody"}}\n`, 'host.unknown-vm'],
    ['a relative path', `${HELLO}{"id":2,"method":"vm.dump","params":{"vm":"guest","path":"x"}}\n`, 'protocol.params'],
  ])('answers %s with a code', async (_what, request, code) => {
    expect(await raw(request, (answer) => answer.includes('"code":'))).toContain(`"code":"${code}"`);
  });

  it('survives whatever is sent', async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const method = fc.constantFrom(
      'hello',
      'vm.create',
      'vm.list',
      'vm.memory',
      'console.attach',
      'console.input',
      'detach',
    );
    const params = fc.dictionary(
      fc.constantFrom('vm', 'spec', 'address', 'length', 'base64', 'subscription', '__proto__'),
      value,
    );
    const request = fc.record({ id: fc.nat(), method, params }).map((json) => JSON.stringify(json));
    const line = fc.oneof(
      request,
      fc.string(),
      value.map((json) => JSON.stringify(json)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
        await throwIn(`${HELLO}${lines.join('\n')}\n`);
        expect(await client.request('host.status', {})).toMatchObject({ pid: process.pid });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a specification that makes no sense in the VM’s own thread', async () => {
    const { spec, ...options } = space.launch('senseless', []);
    const senseless = { ...spec, vdevs: [{ type: 'pl011', options: [{}] }], image: '\u0001' };
    await expect(client.request('vm.create', { ...options, spec: senseless as never })).rejects.toThrow();
    expect((await client.request('vm.list', {})).map(({ name }) => name)).not.toContain('senseless');
  });

  it('bounds the number of clients', async () => {
    const others = await Promise.all(
      Array.from({ length: MAX_CLIENTS + 8 }, () => ControlClient.connect(socket).catch(() => undefined)),
    );
    expect(others.filter((other) => other !== undefined).length).toBeLessThan(MAX_CLIENTS);
    for (const other of others) other?.close();
    await eventually(() => host.status().clients === 1);
  });

  it('drops output for a client that does not read, and tells it how much', async () => {
    const LINE = 2000;
    const RESETS = 6;
    const lines = Array.from({ length: 480 }, () => `print ${'x'.repeat(LINE - 1)}`);
    const { spec, ...options } = space.launch('chatty', [...lines, 'reset']);
    await client.request('vm.create', { spec, ...options, onReset: 'restart', resetLimit: RESETS });
    let text = '';
    const slow = connect(socket);
    slow.setEncoding('utf8').on('data', (more: string) => (text += more));
    const attach = { id: 2, method: 'console.attach', params: { vm: 'chatty', subscription: 1 } };
    slow.write(`${HELLO}${JSON.stringify(attach)}\n`);
    await eventually(() => text.includes('"id":2'));
    slow.pause();
    await client.request('vm.start', { vm: 'chatty' });
    await client.request('vm.wait', { vm: 'chatty' });
    slow.resume();
    await eventually(() => text.includes('"event":"end"'));
    slow.destroy();
    const events = text.split('\n').filter((line) => line.includes('"event"'));
    const parsed = events.map((line) => JSON.parse(line) as { readonly base64?: string; readonly lost?: number });
    const bytes = parsed.reduce((sum, { base64 = '' }) => sum + Buffer.from(base64, 'base64').length, 0);
    const lost = parsed.reduce((sum, event) => sum + (event.lost ?? 0), 0);
    // Waiting output is in base64, and the kernel holds some of it.
    expect(bytes).toBeLessThan(MAX_WAITING_OUTPUT);
    expect(bytes + lost).toBe((RESETS + 1) * lines.length * LINE);
    expect(parsed.at(-1)?.lost).toBeGreaterThan(0);
  });
});

describe('binding', () => {
  it('refuses a second host, and replaces what a killed one left', async () => {
    await expect(HostProcess.open({ socket, log: silentLog() })).rejects.toMatchObject({ code: 'host.running' });
    const path = space.path('stale.sock');
    await leaveDeadSocket(path);
    const other = await HostProcess.open({ socket: path, log: silentLog() });
    (await ControlClient.connect(path)).close();
    await other.shutdown(0);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(space.folder).filter((name) => /lock|^\.q/.test(name))).toEqual([]);
  });

  it.each([
    ['a file', (path: string) => writeFileSync(path, 'kept'), 'is a file'],
    ['a link to a dead socket', (path: string) => symlinkSync(space.path('gone.sock'), path), 'is a symbolic link'],
    ['a folder', (path: string) => void mkdirSync(path), 'is a folder'],
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), 'is a device or pipe'],
  ])('refuses %s, and leaves it as it is', async (what, make, message) => {
    if (!existsSync(space.path('gone.sock'))) await leaveDeadSocket(space.path('gone.sock'));
    const path = space.path(`${what.replaceAll(' ', '-')}.sock`);
    make(path);
    const before = lstatSync(path);
    const server = createServer();
    await expect(bindSocket(server, path)).rejects.toMatchObject({
      code: 'host.socket',
      message: expect.stringContaining(`${message}, and no socket of a host`),
    });
    expect(server.listening).toBe(false);
    expect([lstatSync(path).ino, lstatSync(path).size]).toEqual([before.ino, before.size]);
  });

  it.each(['SOCK_DGRAM', 'SOCK_STREAM'])(
    'refuses a socket of type %s that is bound and does not listen',
    async (type) => {
      const path = space.path(`${type}.sock`);
      const script = `import socket,sys;s=socket.socket(socket.AF_UNIX,socket.${type});s.bind(sys.argv[1]);print(1,flush=True);sys.stdin.read()`;
      const child = spawn('python3', ['-c', script, path]);
      try {
        await once(child.stdout, 'data');
        await expect(bindSocket(createServer(), path)).rejects.toMatchObject({
          message: expect.stringContaining('a socket that another program uses'),
        });
        expect(lstatSync(path).isSocket()).toBe(true);
      } finally {
        child.kill();
      }
    },
  );

  it('takes away nothing that is not its own', async () => {
    const path = space.path('mine.sock');
    const other = await HostProcess.open({ socket: path, log: silentLog() });
    unlinkSync(path);
    writeFileSync(path, 'of someone else');
    await other.shutdown(0);
    expect(readFileSync(path, 'utf8')).toBe('of someone else');
  });

  it('lets one of several hosts win', async () => {
    const path = space.path('race.sock');
    const servers = Array.from({ length: 4 }, () => createServer());
    const outcomes = await Promise.allSettled(servers.map((server) => bindSocket(server, path)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const server of servers) server.close();
  });

  it('refuses a folder into which others can put things', async () => {
    mkdirSync(space.path('open'));
    chmodSync(space.path('open'), 0o777);
    const path = space.path('open/control.sock');
    await expect(HostProcess.open({ socket: path, log: silentLog() })).rejects.toMatchObject({ code: 'host.socket' });
  });

  it('does not wait for a server that says nothing', async () => {
    const path = space.path('silent.sock');
    const server = createServer((connection) => connection.on('error', () => undefined).resume());
    server.listen(path);
    await once(server, 'listening');
    await expect(ControlClient.connect(path, 50)).rejects.toMatchObject({ code: 'host.silent' });
    server.close();
  });

  it('says that no host runs', async () => {
    await expect(ControlClient.connect(space.path('nobody.sock'))).rejects.toMatchObject({ code: 'host.not-running' });
  });
});
