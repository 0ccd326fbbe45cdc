import { once } from 'node:events';
import {
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  readSync,
  writeSync,
  constants,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { silentLogger } from '@qvm/core';
import { type CharacterBackend } from '@qvm/core/services';
import { ConsoleChannel } from '../console/console-channel.js';
import { connectStreams, createHypervisor, fileBackend, nodeFileSource, ptyBackend } from '../index.js';
import { plugin as scripts, script } from '../script-machine.test.helper.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'qvm-sdk-node-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('nodeFileSource', () => {
  it('reads whole files within a limit', async () => {
    writeFileSync(join(folder, 'a'), 'content');
    expect(text(await nodeFileSource.read(join(folder, 'a'), 7))).toBe('content');
    await expect(nodeFileSource.read(join(folder, 'a'), 6)).rejects.toMatchObject({ code: 'file.too-large' });
  });

  it('refuses what is no regular file', async () => {
    await expect(nodeFileSource.read(join(folder, 'none'), 9)).rejects.toMatchObject({ code: 'file.missing' });
    await expect(nodeFileSource.read(join(folder, 'a', 'b'), 9)).rejects.toMatchObject({ code: 'file.missing' });
    await expect(nodeFileSource.read(folder, 9)).rejects.toThrow('it is a folder');
    await expect(nodeFileSource.read('/dev/zero', 9)).rejects.toThrow('it is a device, and not a regular file');
  });
});

describe('fileBackend', () => {
  it('writes what the guest says', async () => {
    const context = { vm: 'vm', baseDir: folder, logger: silentLogger, announce: () => undefined };
    const backend = fileBackend.open('out.txt', context);
    backend.write(bytes('one '));
    await Promise.resolve();
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe('one ');
    backend.write(bytes('x'.repeat(200_000)));
    backend.close();
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toHaveLength(200_004);
    expect([backend.available, backend.read(9).length]).toEqual([0, 0]);
  });

  it('goes on without a file that cannot be written any more', () => {
    const lines: string[] = [];
    const logger = { log: (_level: string, message: string): void => void lines.push(message) };
    const backend = fileBackend.open('/dev/full', { vm: 'vm', baseDir: '', logger, announce: () => undefined });
    backend.write(bytes('x'));
    backend.flush();
    backend.write(bytes('x'));
    backend.close();
    expect(lines).toEqual([expect.stringContaining('output to "/dev/full" ends here')]);
  });

  it('serves a VM by its designator', async () => {
    const hypervisor = createHypervisor({ plugins: [scripts] });
    const hostdev = `file:${join(folder, 'vm.txt')}`;
    const vdevs = [{ type: 'pl011', options: { hostdev } }];
    const image = script('print to a file', 'poweroff');
    const vm = await hypervisor.createVm({ name: 'vm', image, ram: [{ size: '1M' }], vdevs });
    await vm.start();
    await vm.exit;
    expect(readFileSync(join(folder, 'vm.txt'), 'utf8')).toBe('to a file\n');
    await hypervisor.dispose();
  });
});

describe('ptyBackend', () => {
  function open(): { readonly backend: CharacterBackend; readonly path: string } {
    const announced: string[] = [];
    const announce = (message: string): void => void announced.push(message);
    const backend = ptyBackend.open('', { vm: 'vm', baseDir: '', logger: silentLogger, announce });
    const path = /\/dev\/\S+/.exec(announced[0] ?? '')?.[0] ?? '';
    return { backend, path };
  }
  const openOther = (path: string): number =>
    openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);

  async function input(backend: CharacterBackend, size: number): Promise<Uint8Array> {
    for (let tries = 0; backend.available < size && tries < 400; tries++) await turn();
    return backend.read(size);
  }

  it('carries bytes both ways, untranslated and without echo', async () => {
    const { backend, path } = open();
    const other = openOther(path);
    let told = 0;
    backend.onInput(() => told++);
    writeSync(other, bytes('in\r\n\u0003'));
    expect(text(await input(backend, 5))).toBe('in\r\n\u0003');
    expect(told).toBeGreaterThan(0);
    backend.write(bytes('out\r\n'));
    await turn();
    const buffer = new Uint8Array(64);
    expect(text(buffer.subarray(0, readSync(other, buffer)))).toBe('out\r\n');
    closeSync(other);
    backend.close();
  });

  it('survives others’ coming and going, and takes in no more than it can hold', async () => {
    const { backend, path } = open();
    for (const word of ['first', 'second']) {
      const other = openOther(path);
      writeSync(other, bytes(word));
      expect(text(await input(backend, word.length))).toBe(word);
      closeSync(other);
      await turn();
    }
    // Without a reader, output is dropped, not collected.
    for (let i = 0; i < 2000; i++) backend.write(new Uint8Array(1000));
    backend.close();
    backend.close();
    await turn();
  });
});

describe('connectStreams', () => {
  it('passes bytes on, holds input back, and says when output is stuck', async () => {
    const channel = new ConsoleChannel('stdio');
    const [input, output] = [new PassThrough(), new PassThrough()];
    const events: string[] = [];
    const connection = connectStreams(channel, input, output, {
      filter: (data) => data.filter((byte) => byte !== 0x21),
      onBlocked: () => void events.push('blocked'),
      onUnblocked: () => void events.push('unblocked'),
    });
    input.write('a!b');
    await turn();
    expect(text(channel.backend.read(9))).toBe('ab');
    input.write(new Uint8Array(100_000));
    input.write(new Uint8Array(100_000));
    await turn();
    expect(channel.waiting).toBeLessThan(200_000);
    let got = 0;
    while (got < 200_000) {
      got += channel.backend.read(1 << 20).length;
      await turn();
    }
    expect(got).toBe(200_000);
    channel.backend.write(new Uint8Array(0x20_0000));
    channel.backend.flush();
    expect(events).toEqual(['blocked']);
    output.resume();
    await once(output, 'drain');
    expect(events).toEqual(['blocked', 'unblocked']);
    input.end();
    await turn();
    expect(channel.closed).toBe(false);
    connection.dispose();
  });
});
