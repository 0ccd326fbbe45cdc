import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { silentLogger } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';
import type { CharacterBackendContext } from '../console/character-backends.js';
import { createHypervisor, MemoryFileSource, StartError } from '../index.js';
import { plugin as scripts } from '../script-machine.test.helper.js';
import { tcpBackend, tcpListenBackend } from './tcp-backend.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

interface Announcing extends CharacterBackendContext {
  readonly announced: Promise<string>;
}

function createContext(): Announcing {
  let announce = (_message: string): void => undefined;
  const announced = new Promise<string>((resolve) => (announce = resolve));
  return { vm: 'vm', baseDir: '', logger: silentLogger, announced, announce: (message) => announce(message) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

async function listen(): Promise<{ readonly backend: CharacterBackend; readonly port: number }> {
  const context = createContext();
  const backend = tcpListenBackend.open('0', context);
  const [, port] = /^the console is at 127\.0\.0\.1:(\d+)$/.exec(await context.announced) ?? [];
  return { backend, port: Number(port) };
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

describe('tcp-listen', () => {
  it('carries bytes both ways', async () => {
    const { backend, port } = await listen();
    let told = 0;
    backend.onInput(() => told++);
    const client = await connectTo(port);
    client.write('typed');
    await until(() => backend.available === 5);
    expect([text(backend.read(3)), text(backend.read(9)), told > 0]).toEqual(['typ', 'ed', true]);
    const reply = once(client, 'data');
    backend.write(bytes('login: '));
    expect(String((await reply)[0])).toBe('login: ');
    backend.close();
    await once(client, 'close');
  });

  it('serves one client at a time, and the next when it has gone', async () => {
    const { backend, port } = await listen();
    const first = await connectTo(port);
    const second = await connectTo(port);
    await once(second, 'close');
    first.destroy();
    await until(() => {
      backend.write(bytes('x'));
      return !(backend as unknown as { isConnected: boolean }).isConnected;
    });
    const third = await connectTo(port);
    third.write('hi');
    await until(() => backend.available === 2);
    third.destroy();
    backend.close();
  });

  it('tells that its port is taken, and frees it at the end', async () => {
    const { backend: first, port } = await listen();
    const second = tcpListenBackend.open(String(port), createContext());
    await expect(second.opened).rejects.toMatchObject({
      code: 'console.listen',
      message: expect.stringMatching(/^"tcp-listen:127\.0\.0\.1:\d+" cannot be opened: .*EADDRINUSE/) as string,
    });
    second.close();
    first.close();
    const third = tcpListenBackend.open(String(port), createContext());
    await third.opened;
    third.close();
  });

  it('keeps a VM from being made when its port is taken', async () => {
    const { backend, port } = await listen();
    const hypervisor = createHypervisor({
      plugins: [scripts],
      hostFiles: new MemoryFileSource([['vm.img', bytes('script\npoweroff\n')]]),
    });
    const configText = `{ "name": "vm", "image": "vm.img", "ram": [{ "size": "1M" }],
      "vdev": [{ "type": "pl011", "config": "irq=40,hostdev=tcp-listen:${port}" }] }`;
    const source = { configText, file: 'vm.qvmconf' };
    const error: unknown = await hypervisor.createVm(source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ code: 'console.listen', finding: { file: 'vm.qvmconf', line: 2, column: 61 } });
    backend.close();
    const vm = await hypervisor.createVm(source);
    await hypervisor.dispose();
    expect(vm.state).toBe('stopped');
  });

  it('drops output without a client, and keeps no more than a bound for one that does not read', async () => {
    const { backend, port } = await listen();
    backend.write(bytes('nobody is there'));
    const client = await connectTo(port);
    client.pause();
    await until(() => (backend as unknown as { isConnected: boolean }).isConnected);
    const block = new Uint8Array(0x1_0000);
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 2000; index++) backend.write(block);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(0x200_0000);
    client.destroy();
    backend.close();
  });

  it('takes no more input than a bound while the guest does not read', async () => {
    const { backend, port } = await listen();
    const client = await connectTo(port);
    client.write(new Uint8Array(0x80_0000));
    await until(() => backend.available > 0x1_0000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(backend.available).toBeLessThan(0x4_0000);
    let got = 0;
    await until(() => (got += backend.read(0x10_0000).length) === 0x80_0000);
    client.destroy();
    backend.close();
  });
});

describe('tcp', () => {
  it('connects to a server', async () => {
    const server = createServer((socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const backend = tcpBackend.open(`127.0.0.1:${port}`, createContext());
    await until(() => backend.available === 5);
    expect(text(backend.read(5))).toBe('hello');
    backend.close();
    server.close();
  });

  it('logs that nobody is there, and drops output', async () => {
    const { backend: taken, port } = await listen();
    taken.close();
    const messages: string[] = [];
    const logger = { log: (_level: string, message: string) => void messages.push(message) };
    const backend = tcpBackend.open(`127.0.0.1:${port}`, { ...createContext(), logger });
    await until(() => messages.length === 1);
    expect(messages[0]).toMatch(/ECONNREFUSED/);
    backend.write(bytes('x'));
    backend.close();
  });

  it.each(['', 'host', 'host:', ':1', 'host:65536', 'host:1x', '[::1:1', '12', 'host:0'])(
    'refuses the address %j',
    (argument) => {
      expect(() => tcpBackend.open(argument, createContext())).toThrow(
        expect.objectContaining({ code: 'console.tcp' }) as Error,
      );
    },
  );
});
