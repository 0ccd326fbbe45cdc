import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePaths } from '../node-paths.js';
import { fileIdentity } from './file-identity.js';
import { readInput } from './open-input.js';
import { OutputFile, outputProblem } from './output-file.js';

let folder = '';
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm-files-'));
  writeFileSync(path('file'), 'content');
  linkSync(path('file'), path('hard'));
  symlinkSync('file', path('soft'));
  symlinkSync('none', path('dangling'));
  symlinkSync('loop', path('loop'));
  execFileSync('mkfifo', [path('pipe')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('fileIdentity', () => {
  it('is one for all names of a file', () => {
    const descriptor = openSync(path('file'), 'r');
    const names = [path('file'), path('hard'), path('soft'), path('./x/../file'), `/proc/self/fd/${descriptor}`];
    expect(names[3]).toBe(path('file'));
    expect(new Set(names.map(fileIdentity)).size).toBe(1);
    closeSync(descriptor);
    expect(fileIdentity(path('dangling'))).toBe(fileIdentity(path('none')));
    expect(fileIdentity(path('none'))).not.toBe(fileIdentity(path('other')));
  });

  it('is none for what can be shared, and for what cannot be looked at', () => {
    const shared = ['/dev/null', '/dev/full', '/dev/zero', folder, path('none/none'), path('file/x'), path('loop')];
    expect(shared.filter((name) => fileIdentity(name) !== undefined)).toEqual([]);
  });
});

describe('OutputFile', () => {
  it('empties a file and writes it', () => {
    writeFileSync(path('out'), 'old content');
    const file = OutputFile.open(path('out'), { owner: 'test' });
    file.write(new TextEncoder().encode('new'));
    file.close();
    file.close();
    expect(readFileSync(path('out'), 'utf8')).toBe('new');
    expect(() => file.write(new Uint8Array(1))).toThrow('it is closed');
  });

  it('refuses what is no regular file, without waiting', async () => {
    const server = createServer().listen(path('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const refused = [path('pipe'), path('socket'), folder, '/dev/zero', '/proc/self/comm', path('none/x')];
    for (const name of refused) {
      expect(() => OutputFile.open(name, { owner: 'test' })).toThrow(`"${name}" cannot be written: `);
      expect(outputProblem(name)).toBeDefined();
    }
    server.close();
  });

  it('refuses a file that is in use, and leaves it as it is', () => {
    const held = nodePaths.hold(path('file'), 'the VM a');
    expect(() => OutputFile.open(path('hard'), { owner: 'test' })).toThrow(
      /"[^"]*hard" cannot be written: it is in use for reading by the_VM_a of process \d+$/,
    );
    expect(() => OutputFile.open(path('hard'), { owner: 'test' })).toThrow(
      expect.objectContaining({ cause: undefined }) as Error,
    );
    // A file can have any number of readers.
    nodePaths.hold(path('soft'), 'the VM b').dispose();
    held.dispose();
    expect(readFileSync(path('file'), 'utf8')).toBe('content');
    const file = OutputFile.open(path('out'), { owner: 'test' });
    expect(() => OutputFile.open(path('out'), { owner: 'other' })).toThrow('it is in use for writing by test');
    file.close();
    expect(outputProblem(path('hard'), [path('file')])).toBe(`it is "${path('file')}", which is read`);
  });

  it('is not refused a new file because of a deleted one that a VM reads', () => {
    writeFileSync(path('deleted'), 'content');
    const held = nodePaths.hold(path('deleted'), 'the VM a');
    rmSync(path('deleted'));
    // Many file systems give the inode of a deleted file to the next one.
    for (let count = 0; count < 20; count++) OutputFile.open(path(`later-${count}`), { owner: 'test' }).close();
    held.dispose();
    held.dispose();
  });

  it('says what it could not write', () => {
    const full = OutputFile.open('/dev/full', { owner: 'test' });
    expect(() => full.write(new Uint8Array(1))).toThrow(
      '"/dev/full" cannot be written: no space is left on the device',
    );
    full.close();
  });
});

describe('readInput', () => {
  it('reads regular files only, within a limit', () => {
    expect(new TextDecoder().decode(readInput(path('soft'), 7))).toBe('content');
    expect(() => readInput(path('soft'), 6)).toThrow('has 7 bytes; at most 6 fit here');
    expect(() => readInput(path('pipe'), 9)).toThrow('it is a pipe');
    expect(() => readInput('/dev/zero', 9)).toThrow('it is a device');
    expect(() => readInput(folder, 9)).toThrow('it is a folder');
    expect(() => readInput(path('none'), 9)).toThrow('there is no file');
  });
});
