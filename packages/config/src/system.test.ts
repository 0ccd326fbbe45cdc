import { readFileSync } from 'node:fs';
import { ConfigError, findingAt, lintConfigs, loadConfigs, type LoadedConfigs, parseConfig } from './index.js';

const folder = new URL('../src/testdata/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(`${name}.qvmconf`, folder), 'utf8');
const parse = (name: string) => parseConfig(text(name), { file: name, baseDir: '', environment: {} });

/** Loads files by name, from the folder of test data or from `more`. */
function load(names: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<LoadedConfigs> {
  return loadConfigs(names, {
    read: async (path) => {
      const given = more[path];
      if (given !== undefined) return given;
      try {
        return text(path);
      } catch {
        const at = { file: path, line: 1, column: 1 };
        throw new ConfigError([findingAt(at, 'error', 'file.missing', `there is no file "${path}"`)]);
      }
    },
    directoryOf: () => '',
    environment: {},
  });
}

const codes = (findings: readonly { readonly code: string }[]): string[] => findings.map(({ code }) => code);

describe('the examples', () => {
  it.each([
    ['safety-vm', 'vm'],
    ['linux-adas', 'vm'],
    ['passthrough', 'vm'],
    ['safety-vm-lines', 'vm'],
    ['linux-guest', 'vm'],
    ['everything', 'vm'],
    ['shmem-host', 'fragment'],
    ['shmem-guest', 'fragment'],
    ['system', 'system'],
  ])('%s is a %s', (name, kind) => {
    expect(parse(name).kind).toBe(kind);
  });

  it('mean the same in both forms', () => {
    const plain = (name: string): unknown =>
      JSON.parse(
        JSON.stringify(parse(name), (key, value: unknown) =>
          ['source', 'at', 'valueAt', 'warnings'].includes(key) ? undefined : value,
        ),
      );
    expect(plain('safety-vm-lines')).toEqual(plain('safety-vm'));
  });
});

describe('loadConfigs', () => {
  it('lays the entry of a system over the VM of its name', async () => {
    const { vms, hosts, findings } = await load(['system', 'linux-guest']);
    expect(findings).toEqual([]);
    expect(vms).toMatchObject([
      { name: 'linux-guest', cpus: 4, cpulist: [2, 3, 4, 5], priority: 10, image: '/boot/Image' },
    ]);
    expect(hosts).toMatchObject([{ cpulist: [0, 1], priority: 240 }]);
    expect(lintConfigs({ vms, hosts, fragments: [], switches: [], shmem: [] })).toEqual([]);
  });

  it('says when nothing describes a VM of a system', async () => {
    const { vms, findings } = await load(['system']);
    expect(vms).toEqual([]);
    expect(findings).toMatchObject([{ code: 'config.vm-incomplete', file: 'system', line: 8, column: 9 }]);
  });

  it('lays configurations over each other in the order named, and the entry over them', async () => {
    const system = `{ "host": { "config": "shmem-host" }, "vms": [
      { "name": "hmi", "config": ["linux-guest", "shmem-guest"], "cpulist": "5", "cpus": 1 } ] }`;
    const { vms, hosts, findings } = await load(['all'], { all: system });
    expect(findings).toEqual([]);
    expect(vms).toMatchObject([{ name: 'hmi', cpus: 1, cpulist: [5], vdevs: [{ type: 'shmem' }] }]);
    expect(hosts).toMatchObject([{ vdevs: [{ type: 'shmem' }] }]);
  });

  it('makes two VMs of one configuration', async () => {
    const system = '{ "vms": [ { "name": "a", "config": "linux-guest" }, { "name": "b", "config": "linux-guest" } ] }';
    const { vms } = await load(['all'], { all: system });
    expect(vms.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads switches and shared memory', async () => {
    const system = `{ "switches": [ { "name": "vswitch0", "capture": "net.pcapng", "vlans": "10,20" } ],
      "shmem": [ { "name": "shm", "size": "8M" } ] }`;
    const { switches, shmem } = await load(['all'], { all: system });
    expect(switches).toMatchObject([{ name: 'vswitch0', capture: 'net.pcapng', vlans: [10, 20] }]);
    expect(shmem).toMatchObject([{ name: 'shm', size: 0x80_0000 }]);
  });

  it.each([
    ['a missing file', '{ "vms": [ { "name": "a", "config": "none" } ] }', ['file.missing']],
    ['a system as a VM', '{ "vms": [ { "name": "a", "config": "system" } ] }', ['config.reference']],
    ['a system as itself', '{ "vms": [ { "name": "a", "config": "all" } ] }', ['config.reference']],
    ['an entry without a name', '{ "vms": [ {} ] }', ['config.missing-key']],
    ['an unknown key', '{ "vms": [], "hots": {} }', ['config.unknown-key']],
    [
      'an unknown key of an entry',
      '{ "vms": [ { "name": "a", "cpulits": "1" } ] }',
      ['config.unknown-key', 'config.vm-incomplete'],
    ],
    ['a wrong CPU list', '{ "host": { "cpulist": "x" } }', ['config.bad-cpulist']],
    ['a wrong priority', '{ "host": { "priority": 999 } }', ['config.out-of-range']],
    ['a wrong VLAN', '{ "switches": [ { "name": "s", "vlans": "0" } ] }', ['config.bad-setting']],
    ['a wrong size', '{ "shmem": [ { "name": "s", "size": "1025" } ] }', ['config.unaligned']],
    ['a wrong name', '{ "switches": [ { "name": "a b" } ] }', ['config.bad-name']],
  ])('reports %s', async (_, system, expected) => {
    const { findings } = await load(['all'], { all: system });
    expect(codes(findings)).toEqual(expected);
  });

  it('reads a bounded number of files', async () => {
    const names = Array.from({ length: 101 }, (_, index) => `f${index}`);
    const { findings } = await load(names, Object.fromEntries(names.map((name) => [name, 'dryrun'])));
    expect(codes(findings.filter(({ severity }) => severity === 'error'))).toEqual(['config.too-large']);
  });
});
