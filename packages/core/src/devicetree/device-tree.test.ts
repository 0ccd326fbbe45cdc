import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import type { QvmError } from '../errors/qvm-error.js';
import type { DeviceTreeNode } from './device-tree.js';
import { cellsOf, findNode, putChild, removeChildren, setProperty, textsOf } from './device-tree-edit.js';
import { DeviceTreeError, readDeviceTree, readMemoryReservations } from './read-device-tree.js';
import { writeDeviceTree } from './write-device-tree.js';

const BOARD: DeviceTreeNode = {
  name: '',
  properties: {
    '#address-cells': { cells: [2] },
    '#size-cells': { cells: [2] },
    compatible: 'linux,dummy-virt',
    'interrupt-parent': { cells: [0x8001] },
  },
  children: [
    { name: 'chosen', properties: { bootargs: 'console=ttyAMA0 "quoted"', 'kaslr-seed': { cells: [0xffff_ffff, 0] } } },
    {
      name: 'cpus',
      properties: { '#address-cells': { cells: [1] }, '#size-cells': { cells: [0] } },
      children: [
        { name: 'cpu@0', properties: { device_type: 'cpu', reg: { cells: [0] } } },
        { name: 'cpu@1', properties: { device_type: 'cpu', reg: { cells: [1] } } },
      ],
    },
    {
      name: 'intc@8000000',
      properties: {
        'interrupt-controller': true,
        compatible: ['arm,gic-v3', 'other'],
        bytes: Uint8Array.of(1, 2, 3, 4, 5),
        phandle: { cells: [0x8001] },
      },
    },
  ],
};

const hasDtc = spawnSync('dtc', ['--version']).status === 0;
if (!hasDtc) console.log('SKIPPED: the comparison with dtc, because dtc (device-tree-compiler) is not installed.');
const itWithDtc = hasDtc ? it : it.skip;

function decompile(bytes: Uint8Array): string {
  return execFileSync('dtc', ['-q', '-I', 'dtb', '-O', 'dts'], { input: bytes, encoding: 'utf8' });
}

function compile(source: string): Uint8Array {
  return execFileSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb'], { input: source });
}

/** The tree with all values as byte arrays, as the reader returns them. */
function asBytes(node: DeviceTreeNode): DeviceTreeNode {
  return readDeviceTree(writeDeviceTree(node));
}

const nodeName = fc.stringMatching(/^[a-z][a-z0-9,._+-]{0,8}(@[0-9a-f]{1,8})?$/);
// `name` is an old property that repeats the node's name; dtc checks and drops it.
const propertyName = fc.stringMatching(/^[a-zA-Z0-9,._+?#-]{1,12}$/).filter((name) => name !== 'name');
const propertyValue = fc.oneof(
  fc.constant<true>(true),
  fc.stringMatching(/^[ -~]{1,12}$/),
  fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 4 }).map((cells) => ({ cells })),
  fc.uint8Array({ minLength: 1, maxLength: 9 }),
);
function nodeOver(children: fc.Arbitrary<DeviceTreeNode[]>): fc.Arbitrary<DeviceTreeNode> {
  const properties = fc.dictionary(propertyName, propertyValue, { maxKeys: 4, noNullPrototype: true });
  return fc.record({ name: nodeName, properties, children });
}
function someOf(node: fc.Arbitrary<DeviceTreeNode>): fc.Arbitrary<DeviceTreeNode[]> {
  return fc.uniqueArray(node, { maxLength: 3, selector: ({ name }) => name });
}
const leaf = nodeOver(fc.constant([]));
const anyTree = nodeOver(someOf(nodeOver(someOf(leaf)))).map((node) => ({ ...node, name: '' }));

describe('writeDeviceTree', () => {
  itWithDtc('writes what dtc reads', () => {
    const bytes = writeDeviceTree(BOARD, { reservations: [{ address: 0x4800_0000, size: 0x1000 }] });
    // Some versions of dtc separate strings by an escaped NUL.
    const source = decompile(bytes).replaceAll('\\0', '", "');
    expect(source).toBe(`/dts-v1/;

/memreserve/\t0x0000000048000000 0x0000000000001000;
/ {
\t#address-cells = <0x02>;
\t#size-cells = <0x02>;
\tcompatible = "linux,dummy-virt";
\tinterrupt-parent = <0x8001>;

\tchosen {
\t\tbootargs = "console=ttyAMA0 \\"quoted\\"";
\t\tkaslr-seed = <0xffffffff 0x00>;
\t};

\tcpus {
\t\t#address-cells = <0x01>;
\t\t#size-cells = <0x00>;

\t\tcpu@0 {
\t\t\tdevice_type = "cpu";
\t\t\treg = <0x00>;
\t\t};

\t\tcpu@1 {
\t\t\tdevice_type = "cpu";
\t\t\treg = <0x01>;
\t\t};
\t};

\tintc@8000000 {
\t\tinterrupt-controller;
\t\tcompatible = "arm,gic-v3", "other";
\t\tbytes = [01 02 03 04 05];
\t\tphandle = <0x8001>;
\t};
};
`);
  });

  itWithDtc('writes random trees as dtc would, and reads what dtc writes', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const ours = writeDeviceTree(tree);
        const theirs = compile(decompile(ours));
        expect(readDeviceTree(theirs)).toEqual(readDeviceTree(ours));
      }),
      { numRuns: 25 },
    );
  });

  const child = (name: string): DeviceTreeNode => ({ name, properties: {} });
  const withProperty = (name: string, value: DeviceTreeNode['properties'][string]): DeviceTreeNode => ({
    name: '',
    properties: { [name]: value },
  });
  const deep = Array.from({ length: 80 }).reduce<DeviceTreeNode>(
    (node) => ({ name: 'n', properties: {}, children: [node] }),
    child('leaf'),
  );
  it.each<[string, DeviceTreeNode]>([
    ['devicetree.name', child('root')],
    ['devicetree.name', { ...child(''), children: [child('')] }],
    ['devicetree.name', { ...child(''), children: [child('a/b')] }],
    ['devicetree.name', withProperty('', true)],
    ['devicetree.duplicate', { ...child(''), children: [child('a'), child('a')] }],
    ['devicetree.value', withProperty('x', 'a\0b')],
    ['devicetree.value', withProperty('x', { cells: [-1] })],
    ['devicetree.value', withProperty('x', { cells: [2 ** 32] })],
    ['devicetree.value', withProperty('x', { cells: [0.5] })],
    ['devicetree.depth', { ...deep, name: '' }],
  ])('refuses %s (%#)', (code, tree) => {
    expect(() => writeDeviceTree(tree)).toThrow(expect.objectContaining({ code }) as QvmError);
  });

  it('refuses bad reservations', () => {
    const write = () => writeDeviceTree(child(''), { reservations: [{ address: -1, size: 0 }] });
    expect(write).toThrow(expect.objectContaining({ code: 'devicetree.reservation' }) as QvmError);
  });
});

describe('readDeviceTree', () => {
  it('reads back random trees', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const bytes = writeDeviceTree(tree);
        expect(writeDeviceTree(readDeviceTree(bytes))).toEqual(bytes);
      }),
    );
  });

  it('reads reservations', () => {
    const reservations = [
      { address: 0x4000_0000, size: 0x1000 },
      { address: 0x1_0000_0000, size: 0x20 },
    ];
    expect(readMemoryReservations(writeDeviceTree(BOARD, { reservations }))).toEqual(reservations);
  });

  it('takes a property named __proto__ for what it is', () => {
    const tree = { name: '', properties: Object.fromEntries([['__proto__', 'x']]) };
    expect(Object.keys(readDeviceTree(writeDeviceTree(tree)).properties)).toEqual(['__proto__']);
  });

  it('answers damage with a typed error or a tree, never with anything else', () => {
    const good = writeDeviceTree(BOARD);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, length) => {
        const bad = good.slice(0, length % 3 === 0 ? length : good.length);
        for (const [offset, value] of changes) if (offset < bad.length) bad[offset] = value;
        for (const read of [readDeviceTree, readMemoryReservations]) {
          try {
            read(bad);
          } catch (error) {
            expect(error).toBeInstanceOf(DeviceTreeError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses every cut', () => {
    const good = writeDeviceTree(BOARD);
    for (let length = 0; length < good.length; length++) {
      expect(() => readDeviceTree(good.subarray(0, length))).toThrow(DeviceTreeError);
    }
  });
});

describe('editing a device tree', () => {
  it('finds nodes by path', () => {
    expect(findNode(BOARD, '/')).toBe(BOARD);
    expect(findNode(BOARD, '/cpus/cpu@1')?.properties['reg']).toEqual({ cells: [1] });
    expect(findNode(BOARD, '/intc')?.name).toBe('intc@8000000');
    expect(findNode(BOARD, '/cpus/cpu')).toBeUndefined();
    expect(findNode(BOARD, '/none/none')).toBeUndefined();
    expect(() => findNode(BOARD, 'cpus')).toThrow(expect.objectContaining({ code: 'devicetree.path' }) as QvmError);
  });

  it('changes copies', () => {
    const before = structuredClone(BOARD);
    const set = setProperty(BOARD, '/chosen', 'bootargs', 'quiet');
    const unset = setProperty(set, '/chosen', 'kaslr-seed', undefined);
    const grown = putChild(unset, '/cpus', { name: 'cpu@2', properties: {} });
    const replaced = putChild(grown, '/cpus', { name: 'cpu@0', properties: { new: true } });
    const shrunk = removeChildren(replaced, '/', ({ name }) => name.startsWith('intc'));
    expect(findNode(shrunk, '/chosen')?.properties).toEqual({ bootargs: 'quiet' });
    expect(findNode(shrunk, '/cpus')?.children?.map(({ name }) => name)).toEqual(['cpu@1', 'cpu@2', 'cpu@0']);
    expect(findNode(shrunk, '/intc')).toBeUndefined();
    expect(BOARD).toEqual(before);
    expect(() => setProperty(BOARD, '/none', 'x', true)).toThrow('The device tree has no single node /none.');
  });

  it('reads values of either form', () => {
    const read = asBytes(BOARD);
    for (const tree of [BOARD, read]) {
      expect(cellsOf(findNode(tree, '/chosen')?.properties['kaslr-seed'])).toEqual([0xffff_ffff, 0]);
      expect(textsOf(findNode(tree, '/intc')?.properties['compatible'])).toEqual(['arm,gic-v3', 'other']);
      expect(textsOf(tree.properties['compatible'])).toEqual(['linux,dummy-virt']);
      expect(cellsOf(findNode(tree, '/intc')?.properties['bytes'])).toBeUndefined();
      expect(textsOf(findNode(tree, '/intc')?.properties['bytes'])).toBeUndefined();
    }
    expect([cellsOf(undefined), textsOf(true)]).toEqual([undefined, undefined]);
  });
});
