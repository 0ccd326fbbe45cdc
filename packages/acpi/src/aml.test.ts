import type { AcpiMethod, AcpiResource, AcpiScope, AcpiValue, AmlExpression } from '@qvm/core/vdev';
import { encodeMethod } from './aml-methods.js';
import { eisaNumber, nameString, packaged } from './aml-names.js';
import { encodeName, encodeScope } from './aml-scopes.js';
import { AcpiTableContext } from './context.js';
import { compile } from './iasl.test.helper.js';
import { resourceTemplate } from './resource-template.js';
import { HEADER_BYTES } from './table.js';

const invalid = expect.objectContaining({ code: 'acpi.invalid' });

/** The bytes that iasl makes of the body of a DSDT. */
const aml = (source: string): readonly number[] =>
  Array.from(compile(`DefinitionBlock ("", "DSDT", 2, "QVM", "TEST", 1) {\n${source}\n}`).slice(HEADER_BYTES));

const nested = (depth: number): AcpiValue => (depth === 0 ? [] : [nested(depth - 1)]);

describe('encodeScope', () => {
  it('encodes values as iasl does', () => {
    const values: Record<string, AcpiValue> = {
      AAAA: 0,
      B: 1,
      C_1: 0xff,
      D: 0x1234,
      E: 0xffff_ffff,
      F: 0x1_0000_0000,
      G: 0xffff_ffff_ffff_ffffn,
      H: 'a text',
      I: Uint8Array.of(1, 2, 3),
      J: [1, 'two', [3, { path: '\\_SB' }], { path: '^_SB.AAAA' }],
      K: { eisaId: 'PNP0A08' },
      L: Array.from({ length: 70 }, (_, index) => index),
    };
    const long = (values['L'] as readonly number[]).join(', ');
    const source = `Scope (\\_SB) {
      Name (AAAA, 0) Name (B, 1) Name (C_1, 0xff) Name (D, 0x1234) Name (E, 0xffffffff) Name (F, 0x100000000)
      Name (G, Ones) Name (H, "a text") Name (I, Buffer () { 1, 2, 3 })
      Name (J, Package () { 1, "two", Package () { 3, \\_SB }, ^_SB.AAAA })
      Name (K, EisaId ("PNP0A08")) Name (L, Package () { ${long} }) }`;
    // Ones has as many bits as the table's revision says, and a form of its own.
    expect(encodeScope('\\_SB', { values })).toEqual(aml(source));
  });

  it('encodes packages of more than 255 elements as iasl does', () => {
    const list = Array.from({ length: 300 }, (_, index) => index);
    const source = `Name (LONG, Package () { ${list.join(', ')} })`;
    expect(encodeName('LONG', list)).toEqual(aml(source));
  });

  it('encodes devices, regions and methods as iasl does', () => {
    const scope: AcpiScope = {
      devices: [
        {
          name: 'GED',
          values: { _HID: 'ACPI0013', _UID: 0, FLAG: 0 },
          regions: [
            {
              name: 'REGS',
              space: 'memory',
              base: 0xfe00_0000,
              size: 8,
              access: 32,
              fields: [{ name: 'STAT', bits: 8 }, { bits: 24 }, { name: 'MASK', bits: 32 }],
            },
            { name: 'PORT', space: 'io', base: 0x510, size: 2, access: 16, fields: [{ name: 'SEL', bits: 16 }] },
            {
              name: 'CONF',
              space: 'pci-configuration',
              base: 4,
              size: 1,
              access: 8,
              fields: [{ name: 'CMD', bits: 3 }],
            },
          ],
          methods: [
            { name: 'IDLE', body: [] },
            {
              name: 'TEST',
              arguments: 2,
              serialized: true,
              body: [
                { store: { operator: 'add', of: [{ argument: 0 }, 2] }, to: { local: 7 } },
                { store: { local: 7 }, to: { path: 'FLAG' } },
                { store: 5, to: { argument: 1 } },
                {
                  if: {
                    operator: 'logical-and',
                    of: [{ operator: 'equal', of: [{ path: 'STAT' }, 1] }, { argument: 1 }],
                  },
                  then: [{ notify: '\\_SB.GED', value: 0x80 }],
                  else: [{ evaluate: { path: 'IDLE' } }],
                },
                { return: { call: '\\_SB.GED.TEST', with: [{ local: 7 }, 'x'] } },
              ],
            },
          ],
          devices: [{ name: 'IN', values: { _ADR: 0 } }],
        },
      ],
    };
    const source = `Scope (\\_SB) { Device (GED) {
      Name (_HID, "ACPI0013") Name (_UID, 0) Name (FLAG, 0)
      OperationRegion (REGS, SystemMemory, 0xfe000000, 8)
      Field (REGS, DWordAcc, NoLock, Preserve) { STAT, 8, , 24, MASK, 32 }
      OperationRegion (PORT, SystemIO, 0x510, 2) Field (PORT, WordAcc, NoLock, Preserve) { SEL, 16 }
      OperationRegion (CONF, PCI_Config, 4, 1) Field (CONF, ByteAcc, NoLock, Preserve) { CMD, 3 }
      Method (IDLE, 0) { }
      Method (TEST, 2, Serialized) {
        Add (Arg0, 2, Local7) Store (Local7, FLAG) Store (5, Arg1)
        If (LAnd (LEqual (STAT, 1), Arg1)) { Notify (\\_SB.GED, 0x80) } Else { IDLE () }
        Return (\\_SB.GED.TEST (Local7, "x"))
      }
      Device (IN) { Name (_ADR, 0) } } }`;
    expect(encodeScope('\\_SB', scope)).toEqual(aml(source));
  });

  it.each<readonly [AmlExpression, string]>([
    [{ operator: 'subtract', of: [{ argument: 0 }, 3] }, 'Subtract (Arg0, 3)'],
    [{ operator: 'and', of: [{ argument: 0 }, 3] }, 'And (Arg0, 3)'],
    [{ operator: 'xor', of: [{ argument: 0 }, 3] }, 'XOr (Arg0, 3)'],
    [{ operator: 'not', of: [{ argument: 0 }] }, 'Not (Arg0)'],
    [{ operator: 'shift-left', of: [{ argument: 0 }, 3] }, 'ShiftLeft (Arg0, 3)'],
    [{ operator: 'shift-right', of: [{ argument: 0 }, 3] }, 'ShiftRight (Arg0, 3)'],
    [{ operator: 'less', of: [{ argument: 0 }, 3] }, 'LLess (Arg0, 3)'],
    [{ operator: 'greater', of: [{ argument: 0 }, 3] }, 'LGreater (Arg0, 3)'],
    [{ operator: 'logical-or', of: [{ argument: 0 }, 3] }, 'LOr (Arg0, 3)'],
    [{ operator: 'logical-not', of: [{ argument: 0 }] }, 'LNot (Arg0)'],
    [{ operator: 'size-of', of: [{ argument: 0 }] }, 'SizeOf (Arg0)'],
    [{ operator: 'dereference', of: [{ operator: 'index', of: [{ argument: 0 }, 3] }] }, 'DerefOf (Index (Arg0, 3))'],
  ])('encodes %j as iasl does', (expression, source) => {
    const method: AcpiMethod = { name: 'EVAL', arguments: 1, body: [{ return: expression }] };
    expect(encodeMethod(method)).toEqual(aml(`Method (EVAL, 1) { Return (${source}) }`));
  });

  it.each<readonly [string, AcpiScope]>([
    ['a name in lower case', { values: { abc: 0 } }],
    ['a name of five characters', { values: { ABCDE: 0 } }],
    ['a name that begins with a digit', { devices: [{ name: '0ABC' }] }],
    ['two objects of one name', { values: { ABC: 0 }, methods: [{ name: 'ABC_', body: [] }] }],
    ['a negative integer', { values: { A: -1 } }],
    ['an integer of 65 bits', { values: { A: 1n << 64n } }],
    ['a fraction', { values: { A: 0.5 } }],
    ['a text that is not ASCII', { values: { A: 'ä' } }],
    ['a text with a NUL', { values: { A: 'a\0b' } }],
    ['the name of an object as a value', { values: { A: { path: '\\_SB' } } }],
    ['packages in packages without end', { values: { A: nested(100) } }],
    ['an empty path', { values: { A: [{ path: '' }] } }],
    ['a wrong EISA identifier', { values: { _HID: { eisaId: 'PNP05' } } }],
    [
      'a region with more fields than bits',
      { regions: [{ name: 'R', space: 'io', base: 0, size: 1, access: 8, fields: [{ bits: 9 }] }] },
    ],
    ['a method with eight arguments', { methods: [{ name: 'M', arguments: 8, body: [] }] }],
    ['an argument that no method has', { methods: [{ name: 'M', body: [{ return: { argument: 7 } }] }] }],
    ['a local variable that no method has', { methods: [{ name: 'M', body: [{ return: { local: 8 } }] }] }],
    [
      'an operator without its operands',
      { methods: [{ name: 'M', body: [{ return: { operator: 'add', of: [1] } }] }] },
    ],
  ])('refuses %s', (_, scope) => {
    expect(() => encodeScope('\\_SB', scope)).toThrow(invalid);
  });
});

describe('resourceTemplate', () => {
  it.each<readonly [AcpiResource, string]>([
    [{ kind: 'io', base: 0x3f8, size: 8 }, 'IO (Decode16, 0x3f8, 0x3f8, 1, 8)'],
    [{ kind: 'interrupt', number: 4, trigger: 'edge' }, 'IRQ (Edge, ActiveHigh, Exclusive) { 4 }'],
    [
      { kind: 'interrupt', number: 11, trigger: 'level', polarity: 'low', shared: true },
      'IRQ (Level, ActiveLow, Shared) { 11 }',
    ],
    [
      { kind: 'interrupt', number: 20, trigger: 'edge' },
      'Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 20 }',
    ],
    [
      { kind: 'interrupt', number: 300, trigger: 'level', polarity: 'low', shared: true },
      'Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 300 }',
    ],
    [{ kind: 'memory', base: 0xfed0_0000, size: 0x400 }, 'Memory32Fixed (ReadWrite, 0xfed00000, 0x400)'],
    [
      { kind: 'memory', base: 0x8_0000_0000, size: 0x1000 },
      `QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
        0, 0x800000000, 0x800000fff, 0, 0x1000)`,
    ],
    [
      { kind: 'bus-window', first: 0, last: 0x3f },
      'WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0x3f, 0, 0x40)',
    ],
    [
      { kind: 'io-window', base: 0xd00, size: 0xf300 },
      'WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0xd00, 0xffff, 0, 0xf300)',
    ],
    [
      { kind: 'io-window', base: 0, size: 0x1_0000 },
      'DWordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange, 0, 0, 0xffff, 0, 0x10000)',
    ],
    [
      { kind: 'memory-window', base: 0xc000_0000, size: 0x4000_0000 },
      `DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
        0, 0xc0000000, 0xffffffff, 0, 0x40000000)`,
    ],
    [
      { kind: 'memory-window', base: 0x80_0000_0000, size: 0x10_0000_0000, prefetchable: true },
      `QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Prefetchable, ReadWrite,
        0, 0x8000000000, 0x8fffffffff, 0, 0x1000000000)`,
    ],
  ])('encodes %j as iasl does', (resource, source) => {
    const scope = { values: { _CRS: { resources: [resource] } } };
    expect(encodeScope('\\_SB', scope)).toEqual(
      aml(`Scope (\\_SB) { Name (_CRS, ResourceTemplate () { ${source} }) }`),
    );
  });

  it.each<AcpiResource>([
    { kind: 'io', base: 0xffff, size: 2 },
    { kind: 'io', base: 0x100, size: 0x100 },
    { kind: 'io', base: -1, size: 1 },
    { kind: 'interrupt', number: -1, trigger: 'edge' },
    { kind: 'interrupt', number: 2 ** 32, trigger: 'edge' },
    { kind: 'memory', base: 0.5, size: 1 },
    { kind: 'memory', base: 0, size: 0 },
    { kind: 'bus-window', first: 1, last: 0 },
    { kind: 'io-window', base: 1, size: 0x1_0000 },
    { kind: 'memory-window', base: 2 ** 53, size: 1 },
  ])('refuses %j', (resource) => {
    expect(() => resourceTemplate([resource])).toThrow(invalid);
  });
});

describe('names and lengths', () => {
  it('encodes paths', () => {
    expect(nameString('\\')).toEqual([0x5c, 0]);
    expect(nameString('^')).toEqual([0x5e, 0]);
    expect(nameString('A')).toEqual([0x41, 0x5f, 0x5f, 0x5f]);
    expect(nameString('\\_SB.PCI0.LPC').slice(0, 3)).toEqual([0x5c, 0x2f, 3]);
    for (const path of ['\\\\', 'A..B', 'A.', '.A', '\\^A', Array(256).fill('A').join('.')])
      expect(() => nameString(path)).toThrow(invalid);
  });

  it('counts the bytes of a package length with the package', () => {
    for (const size of [0, 1, 62, 63, 64, 4093, 4094, 4095, 70_000]) {
      const bytes = packaged(Array<number>(size).fill(0));
      const extra = (bytes[0] as number) >> 6;
      const high = bytes.slice(1, 1 + extra).reduce((sum, byte, index) => sum + byte * 2 ** (4 + 8 * index), 0);
      const length = ((bytes[0] as number) % (extra === 0 ? 64 : 16)) + high;
      expect([size, length]).toEqual([size, bytes.length]);
    }
  });

  it('compresses identifiers', () => {
    expect(eisaNumber('PNP0501')).toBe(0x0105_d041);
  });
});

describe('AcpiTableContext', () => {
  it('gives each name and number once', () => {
    const context = new AcpiTableContext();
    const names = Array.from({ length: 17 }, () => context.deviceName('S'));
    expect([names[0], names[15], names[16], context.deviceName('COM')]).toEqual(['S0', 'SF', 'S10', 'COM0']);
    expect([context.uid('PNP0501'), context.uid('PNP0501'), context.uid('PNP0303')]).toEqual([0, 1, 0]);
    for (let index = 1; index < 16; index++) context.deviceName('COM');
    expect(() => context.deviceName('COM')).toThrow(invalid);
    expect(context.interrupt(4, 'edge')).toEqual({ kind: 'interrupt', number: 4, trigger: 'edge' });
  });
});
