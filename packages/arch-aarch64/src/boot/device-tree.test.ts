import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  cellsOf,
  findNode,
  putChild,
  readDeviceTree,
  readMemoryReservations,
  textsOf,
  writeDeviceTree,
} from '@qvm/core/architecture';
import { virt } from '@qvm/boards';
import type { QvmError } from '@qvm/core';
import type { DeviceTreeContext, DeviceTreeNode } from '@qvm/core/vdev';
import { createRandom, randomSeed } from '@qvm/testing';
import { BootBench } from './boot-bench.test.helper.js';
import { elfImage, pattern, rawCode } from './image-file.test.helper.js';

const RAM = 0x4000_0000;
const image = { name: 'code', bytes: rawCode(16) };
const hasDtc = spawnSync('dtc', ['--version']).status === 0;
if (!hasDtc) console.log('SKIPPED: what dtc says of trees, because dtc (device-tree-compiler) is not installed.');
const itWithDtc = hasDtc ? it : it.skip;

/** The warnings of dtc, which checks its own rules and the specification's rules for bindings. */
function warnings(bytes: Uint8Array): readonly string[] {
  const { stderr, status } = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts', '-o', '/dev/null'], {
    input: bytes,
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return stderr.split('\n').filter((line) => line !== '');
}

const consoleNodes = (context: DeviceTreeContext): readonly DeviceTreeNode[] => [
  {
    name: 'intc@8000000',
    properties: {
      compatible: 'arm,gic-v3',
      'interrupt-controller': true,
      '#interrupt-cells': { cells: [3] },
      '#address-cells': { cells: [2] },
      '#size-cells': { cells: [2] },
      ranges: true,
      reg: { cells: context.reg(0x800_0000, 0x1_0000) },
      phandle: { cells: [context.phandle('gic')] },
    },
  },
  {
    name: 'pl011@9000000',
    properties: {
      compatible: ['arm,pl011', 'arm,primecell'],
      reg: { cells: context.reg(0x900_0000, 0x1000) },
      interrupts: { cells: context.interruptCells(33, 'level') },
      clocks: { cells: [context.phandle('apb-pclk'), context.phandle('apb-pclk')] },
      'clock-names': ['uartclk', 'apb_pclk'],
    },
  },
];

describe('a generated tree', () => {
  const bench = new BootBench([
    { base: RAM, size: 0x100_0000 },
    { base: 0x1_0000_0000, size: 0x1_0000 },
  ]);
  const request = {
    image,
    commandLine: 'console=ttyAMA0 "a b"',
    initrd: { name: 'initrd', bytes: pattern(100) },
    vdevNodes: consoleNodes,
    stdoutPath: '/pl011@9000000',
  };

  itWithDtc('has nothing that dtc warns about', async () => {
    expect(warnings((await bench.boot(request, 4)).treeBytes)).toEqual([]);
  });

  it('tells of RAM, CPUs, firmware, clock and how to begin', async () => {
    const { tree } = await bench.boot(request, 3);
    const cells = (path: string, name: string) => cellsOf(findNode(tree, path)?.properties[name]);
    const texts = (path: string, name: string) => textsOf(findNode(tree, path)?.properties[name]);
    expect(tree.children?.map(({ name }) => name)).toEqual([
      'psci',
      'pmu',
      'cpus',
      'memory@40000000',
      'memory@100000000',
      'apb-pclk',
      'intc@8000000',
      'pl011@9000000',
      'chosen',
    ]);
    expect([cells('/memory@40000000', 'reg'), cells('/memory@100000000', 'reg')]).toEqual([
      [0, RAM, 0, 0x100_0000],
      [1, 0, 0, 0x1_0000],
    ]);
    expect(findNode(tree, '/cpus')?.children?.map(({ name }) => name)).toEqual(['cpu@0', 'cpu@1', 'cpu@2']);
    expect([cells('/cpus/cpu@2', 'reg'), texts('/cpus/cpu@2', 'enable-method'), texts('/psci', 'method')]).toEqual([
      [2],
      ['psci'],
      ['hvc'],
    ]);
    expect([texts('/chosen', 'bootargs'), texts('/chosen', 'stdout-path')]).toEqual([
      ['console=ttyAMA0 "a b"'],
      ['/pl011@9000000'],
    ]);
    const initrd = cells('/chosen', 'linux,initrd-start')?.[1] as number;
    expect([initrd, cells('/chosen', 'linux,initrd-end')]).toEqual([RAM + 0x40_0000, [0, initrd + 100]]);
    expect([cells('/pl011', 'interrupts'), cells('/pl011', 'clocks')?.[0]]).toEqual([
      [0, 1, 4],
      cells('/apb-pclk', 'phandle')?.[0],
    ]);
    expect(cells('/', 'interrupt-parent')).toEqual(cells('/intc', 'phandle'));
  });

  it('reserves RAM that vdevs share with the guest, and loads nothing there', async () => {
    const reservations = [{ name: 'framebuffer', base: RAM, size: 0x40_0000 }];
    const { tree, entry } = await bench.boot({ ...request, reservations });
    expect(entry).toBeGreaterThanOrEqual(RAM + 0x40_0000);
    const node = findNode(tree, '/reserved-memory/framebuffer@40000000');
    expect([cellsOf(node?.properties['reg']), node?.properties['no-map']]).toEqual([[0, RAM, 0, 0x40_0000], true]);
    if (hasDtc) expect(warnings((await bench.boot({ ...request, reservations })).treeBytes)).toEqual([]);
  });

  it('has the clock that vdevs may rely on, whatever the board says, and those of the board', async () => {
    const facts = { compatible: 'acme,mini', model: 'mini' };
    const clockOf = async (clocks?: (typeof virt)['deviceTree']['clocks']) => {
      const own = new BootBench([{ base: RAM, size: 0x100_0000 }], {
        ...virt,
        deviceTree: { ...facts, ...(clocks && { clocks }) },
      });
      const { tree } = await own.boot(request);
      const clock = findNode(tree, '/apb-pclk')?.properties ?? {};
      const [used] = cellsOf(findNode(tree, '/pl011@9000000')?.properties['clocks']) ?? [];
      expect(cellsOf(clock['phandle'])).toEqual([used]);
      return cellsOf(clock['clock-frequency']);
    };
    expect(await clockOf()).toEqual([24_000_000]);
    expect(await clockOf({ 'apb-pclk': { hertz: 1000, output: 'slow' }, other: { hertz: 1, output: 'o' } })).toEqual([
      1000,
    ]);
  });

  it('refers to nothing that is not there', async () => {
    const vdevNodes = (context: DeviceTreeContext): readonly DeviceTreeNode[] => [
      { name: 'lamp@0', properties: { clocks: { cells: [context.phandle('lamp-clk')] } } },
    ];
    await expect(bench.boot({ image, vdevNodes })).rejects.toMatchObject({
      code: 'devicetree.phandle',
      message: expect.stringContaining('refers to the node lamp-clk of the device tree') as string,
    });
  });

  it('leaves out what there is not', async () => {
    const { tree } = await bench.boot({ image });
    expect(findNode(tree, '/apb-pclk')).toBeUndefined();
    expect(Object.keys(findNode(tree, '/chosen')?.properties ?? {})).toEqual(['rng-seed']);
  });
});

describe("QEMU's tree, given", () => {
  const file = new Uint8Array(readFileSync(new URL('../../testdata/qemu-virt.dtb', import.meta.url)));
  const deviceTree = { name: 'virt.dtb', bytes: file };
  const HANDLER = { read: () => 0, write: () => undefined };
  const benchWithVdevs = (): BootBench => {
    const bench = new BootBench([
      { base: RAM, size: 0x80_0000 },
      { base: 0x8000_0000, size: 0x1_0000 },
    ]);
    for (const [name, base] of [
      ['gicd', 0x800_0000],
      ['pl011', 0x900_0000],
      ['pl031', 0x901_0000],
    ] as const)
      bench.map.addMmio(name, base, 0x1000, HANDLER);
    bench.map.addEmpty('virtio-mmio (empty)', 0x0a00_0200, 0x200, HANDLER);
    return bench;
  };
  const boot = (request: Partial<Parameters<BootBench['boot']>[0]> = {}, cpus = 1) =>
    benchWithVdevs().boot({ image, deviceTree, ...request }, cpus);

  it('gets the memory of the VM', async () => {
    const { tree } = await boot();
    const memory = tree.children
      ?.filter(({ name }) => name.startsWith('memory'))
      .map(({ name, properties }) => [name, cellsOf(properties['reg'])]);
    expect(memory).toEqual([
      ['memory@40000000', [0, RAM, 0, 0x80_0000]],
      ['memory@80000000', [0, 0x8000_0000, 0, 0x1_0000]],
    ]);
  });

  it.each([1, 2, 4])('gets %d CPUs, and keeps what it says of those it knows', async (cpus) => {
    const { tree } = await boot({}, cpus);
    const given =
      findNode(readDeviceTree(file), '/cpus')?.children?.filter(({ name }) => name.startsWith('cpu@')) ?? [];
    const found = findNode(tree, '/cpus')?.children ?? [];
    expect(found.map(({ name }) => name)).toEqual(Array.from({ length: cpus }, (_, i) => `cpu@${i}`));
    found.forEach(({ properties }, i) => {
      expect(textsOf(properties['compatible'])).toEqual([given[i] ? 'arm,cortex-a57' : 'arm,armv8']);
      expect([textsOf(properties['enable-method']), cellsOf(properties['reg'])]).toEqual([['psci'], [i]]);
      expect(properties['phandle']).toEqual(given[i]?.properties['phandle']);
    });
  });

  it('gets command line and initial file system, and loses those of another boot', async () => {
    const first = await boot({ commandLine: 'one', initrd: { name: 'initrd', bytes: pattern(9) } });
    const chosen = findNode(first.tree, '/chosen')?.properties ?? {};
    expect([textsOf(chosen['bootargs']), cellsOf(chosen['linux,initrd-end'])?.[1]]).toEqual([['one'], RAM + 0x40_0009]);
    const again = await boot({ deviceTree: { name: 'first.dtb', bytes: first.treeBytes } });
    const kept = findNode(again.tree, '/chosen')?.properties ?? {};
    // The tree's command line is kept, because none was given.
    expect([textsOf(kept['bootargs']), kept['linux,initrd-start'], kept['linux,initrd-end']]).toEqual([
      ['one'],
      undefined,
      undefined,
    ]);
  });

  it('keeps its console unless the one of the VM is in it', async () => {
    const path = async (stdoutPath: string) =>
      textsOf(findNode((await boot({ stdoutPath })).tree, '/chosen')?.properties['stdout-path']);
    expect(await path('/serial@9040000')).toEqual(['/pl011@9000000']);
    expect(await path('/pl031@9010000')).toEqual(['/pl031@9010000']);
  });

  it('has devices that the VM has not disabled, and all else as it was', async () => {
    const { tree } = await boot();
    const status = (path: string) => textsOf(findNode(tree, path)?.properties['status'])?.[0];
    const absent = [
      '/pcie@10000000',
      '/fw-cfg@9020000',
      '/pl061@9030000',
      '/virtio_mmio@a000000',
      '/virtio_mmio@a000200',
      '/flash@0',
      '/intc@8000000/its@8080000',
    ];
    expect(absent.map(status)).toEqual(absent.map(() => 'disabled'));
    const before = readDeviceTree(file);
    for (const path of ['/pl011@9000000', '/pl031@9010000', '/timer', '/apb-pclk', '/pmu']) {
      expect([path, findNode(tree, path)]).toEqual([path, findNode(before, path)]);
    }
    expect(tree.properties).toEqual(before.properties);
  });

  itWithDtc('gets no new warnings of dtc', async () => {
    const given = new Set(warnings(file).map((line) => line.replace(/^.*?: Warning/, 'Warning')));
    const patched = warnings((await boot({}, 2)).treeBytes).map((line) => line.replace(/^.*?: Warning/, 'Warning'));
    expect(patched.filter((line) => !given.has(line))).toEqual([]);
  });

  it('keeps reserved memory, and puts nothing there', async () => {
    const reservations = [
      { address: RAM, size: 0x8_3000 },
      { address: RAM + 0x20_0000, size: 0x1000 },
    ];
    const bytes = writeDeviceTree(readDeviceTree(file), { reservations });
    const booted = await boot({ deviceTree: { name: 'x', bytes } });
    expect(readMemoryReservations(booted.treeBytes)).toEqual(reservations);
    expect([booted.entry, booted.deviceTree]).toEqual([RAM + 0x8_3000, RAM + 0x40_0000]);
  });

  it('keeps clear what is below /reserved-memory', async () => {
    const cells = (...list: number[]) => ({ cells: list });
    const reserve = (
      root: DeviceTreeNode,
      children: DeviceTreeNode[],
      properties: DeviceTreeNode['properties'] = {},
    ) => ({
      name: 'x.dtb',
      bytes: writeDeviceTree(
        putChild(root, '/', {
          name: 'reserved-memory',
          properties: { '#address-cells': cells(2), '#size-cells': cells(1), ranges: true, ...properties },
          children,
        }),
      ),
    });
    const given = readDeviceTree(file);
    const twice = { name: 'keep@40000000', properties: { reg: cells(0, RAM, 0x1000, 0, RAM + 0x20_0000, 0x4000) } };
    const none = [
      { name: 'pool', properties: { size: cells(0x1000), alignment: cells(0x1000) } },
      { name: 'off@40082000', properties: { reg: cells(0, RAM + 0x8_2000, 0x1000), status: 'disabled' } },
    ];
    const noMap = {
      name: 'no@40080000',
      properties: { reg: cells(0, RAM + 0x8_0000, 0x2000), 'no-map': true as const },
    };
    const booted = await boot({ deviceTree: reserve(given, [twice, ...none, noMap]) });
    expect([booted.entry, booted.deviceTree]).toEqual([RAM + 0x8_2000, RAM + 0x40_0000]);
    expect(findNode(booted.tree, '/reserved-memory')?.children?.map(({ name }) => name)).toEqual(
      [twice, ...none, noMap].map(({ name }) => name),
    );
    const at = RAM + 0x20_3ff0;
    const elf = { name: 'app.elf', bytes: elfImage(BigInt(at), [{ physical: at }]) };
    await expect(boot({ image: elf, deviceTree: reserve(given, [twice]) })).rejects.toMatchObject({
      code: 'image.overlap',
      message:
        'app.elf at 0x40203ff0-0x40203fff would overlap /reserved-memory/keep@40000000 of x.dtb at 0x40200000-0x40203fff.',
    });
    const all = { name: 'all@40000000', properties: { reg: cells(0, RAM, 0x80_0000, 0, 0x8000_0000, 0x1_0000) } };
    await expect(boot({ deviceTree: reserve(given, [all]) })).rejects.toMatchObject({
      code: 'image.does-not-fit',
      message: expect.stringContaining(
        'beside /reserved-memory/all@40000000 of x.dtb at 0x40000000-0x407fffff',
      ) as string,
    });
    for (const wrong of [
      reserve(given, [{ name: 'a', properties: { reg: cells(0, RAM) } }]),
      reserve(given, [{ name: 'a', properties: { reg: true } }]),
      reserve(given, [], { ranges: cells(0, 0, RAM, 0, 0x1000) }),
    ])
      await expect(boot({ deviceTree: wrong })).rejects.toMatchObject({ code: 'devicetree.malformed' });
  });

  it('gets nodes for RAM that vdevs share with the guest, in the cells of /reserved-memory, or an error', async () => {
    const reservations = [{ name: 'framebuffer', base: RAM + 0x40_0000, size: 0x10_0000 }];
    const reservedIn = async (given: DeviceTreeNode) => {
      const deviceTree = { name: 'x.dtb', bytes: writeDeviceTree(given) };
      const { tree, treeBytes } = await boot({ deviceTree, reservations });
      // dtc warns of cells that are not those of the root, which only a given node can have.
      const ofNode = (bytes: Uint8Array) => warnings(bytes).filter((line) => line.includes('reserved'));
      if (hasDtc) expect(ofNode(treeBytes)).toEqual(ofNode(deviceTree.bytes));
      return findNode(tree, '/reserved-memory');
    };
    const name = 'framebuffer@40400000';
    const given = readDeviceTree(file);
    const added = await reservedIn(given);
    const [child] = added?.children ?? [];
    expect([added, child].map((node) => Object.keys(node?.properties ?? {}))).toEqual([
      ['#address-cells', '#size-cells', 'ranges'],
      ['reg', 'no-map'],
    ]);
    expect([child?.name, cellsOf(child?.properties['reg'])]).toEqual([name, [0, RAM + 0x40_0000, 0, 0x10_0000]]);
    const withNode = (reg: readonly number[]): DeviceTreeNode =>
      putChild(given, '/', {
        name: 'reserved-memory',
        properties: { '#address-cells': { cells: [2] }, '#size-cells': { cells: [1] }, ranges: true },
        children: [{ name: `keep@${(reg[1] ?? 0).toString(16)}`, properties: { reg: { cells: reg } } }],
      });
    const merged = await reservedIn(withNode([0, RAM + 0x20_0000, 0x1000]));
    expect(merged?.children?.map((child) => [child.name, cellsOf(child.properties['reg'])])).toEqual([
      ['keep@40200000', [0, RAM + 0x20_0000, 0x1000]],
      [name, [0, RAM + 0x40_0000, 0x10_0000]],
    ]);
    await expect(reservedIn(withNode([0, RAM + 0x4f_f000, 0x2000]))).rejects.toMatchObject({
      code: 'image.overlap',
      message:
        'framebuffer, which a vdev shares with the guest, at 0x40400000-0x404fffff would overlap /reserved-memory/keep@404ff000 of x.dtb at 0x404ff000-0x40500fff.',
    });
  });

  it('is written with the cells of its root', async () => {
    const small: DeviceTreeNode = {
      name: '',
      properties: { '#address-cells': { cells: [1] }, '#size-cells': { cells: [1] } },
    };
    const { tree } = await boot({ deviceTree: { name: 'x', bytes: writeDeviceTree(small) } });
    expect(cellsOf(findNode(tree, '/memory@80000000')?.properties['reg'])).toEqual([0x8000_0000, 0x1_0000]);
    const high = new BootBench([{ base: 0x1_0000_0000, size: 0x10_0000 }]);
    await expect(
      high.boot({ image, deviceTree: { name: 'small.dtb', bytes: writeDeviceTree(small) } }),
    ).rejects.toMatchObject({
      code: 'devicetree.malformed',
      message:
        'small.dtb cannot be used as a device tree: its root has one cell for addresses or sizes, and 0x100000000 needs two.',
    });
    const odd = { ...small, properties: { '#address-cells': { cells: [3] } } };
    await expect(boot({ deviceTree: { name: 'odd.dtb', bytes: writeDeviceTree(odd) } })).rejects.toMatchObject({
      code: 'devicetree.malformed',
    });
  });

  it('is refused by name when it is cut or something else', async () => {
    for (const length of [0, 3, 39, 40, 100, 1000, file.length - 1]) {
      const cut = boot({ deviceTree: { name: 'cut.dtb', bytes: file.subarray(0, length) } });
      await expect(cut).rejects.toMatchObject({
        code: 'devicetree.malformed',
        message: expect.stringMatching(/^cut\.dtb cannot be used as a device tree: /),
      });
    }
  });

  it('is answered with a typed error or a boot when it is damaged', async () => {
    const seed = randomSeed();
    const random = createRandom(seed);
    const bench = benchWithVdevs();
    for (let i = 0; i < 400; i++) {
      const bytes = file.slice();
      for (let n = random() % 6; n >= 0; n--) bytes[random() % bytes.length] = random() % 256;
      try {
        await bench.boot({ image, deviceTree: { name: 'x', bytes } }, 2);
      } catch (error) {
        const { code } = error as QvmError;
        if (!/^(devicetree|image)\./.test(String(code))) throw new Error(`seed ${seed}, case ${i}`, { cause: error });
      }
    }
  });
});
