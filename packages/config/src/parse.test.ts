import { ConfigError, checkVmConfig, formatFinding, parseVmConfig, sourceOf } from './index.js';

const OPTIONS = { file: 'vm.qvmconf', baseDir: '/etc/vms', environment: { QVM_GUESTS: '/var/guests', HOME: '/root' } };
const parse = (text: string) => parseVmConfig(text, OPTIONS);

const SAFETY_VM = `# /etc/vms/guest-qnx.qvmconf
{
    "name": "safety-vm",
    "image": "/boot/safety-qnx.ifs",
    "cpus": 2,
    "cpulist": "2,3",
    "ram": [
        { "base": "0x80000000", "size": "256M" }
    ],
    "vdev": [
        {
            "type": "qvm-vdev-qcar-uart",
            "config": "base=0x9000000,irq=33,baud=115200"
        },
        {
            "type": "qvm-vdev-virtio-net",
            "config": "peer=vswitch0,mac=52:54:00:12:34:56"
        },
        {
            "type": "qvm-vdev-virtio-blk",
            "config": "file=/dev/sd0t79"
        }
    ]
}
`;

const LINUX_ADAS = `# /etc/vms/guest-linux.qvmconf
{
    "name": "linux-adas",
    "image": "/boot/linux-adas-kernel.bin",
    "dtb": "/boot/linux-adas.dtb",
    "cpus": 4,
    "cpulist": "4,5,6,7",
    "ram": [
        { "base": "0x100000000", "size": "1G" }
    ],
    "vdev": [
        {
            "type": "qvm-vdev-virtio-net",
            "config": "peer=vswitch0"
        },
        {
            "type": "qvm-vdev-virtio-blk",
            "config": "file=/dev/sd0t83"
        },
        {
            "type": "qvm-vdev-shmem",
            "config": "name=shm-safety-adas,size=4M,role=client"
        }
    ]
}
`;

const PASS_THROUGH = `{
    "name": "safety-vm",
    "image": "/boot/safety-qnx.ifs",
    "cpus": 2,
    "cpulist": "0,1",
    "ram": [ { "base": "0x80000000", "size": "256M" } ],
    "vdev": [
        {
            "type": "qvm-vdev-passthrough",
            "config": "paddr=0xFF000000,size=0x1000,irq=32"
        }
    ]
}
`;

const SHARED_MEMORY = (config: string) => `{
    "name": "hmi",
    "image": "hmi.ifs",
    "ram": [ { "size": "256M" } ],
    "vdev": [
        {
            "type": "qvm-vdev-shmem",
            "config": "${config}"
        }
    ]
}
`;

const SYSTEM = `# Assign CPUs 0-1 to Host VM (safety), CPUs 2-5 to Linux guest
{
    "host": {
        "cpulist": "0,1",
        "priority": 240
    },
    "vms": [
        {
            "name": "linux-guest",
            "cpulist": "2,3,4,5",
            "priority": 10
        }
    ]
}
`;

describe('parseVmConfig', () => {
  it('reads a VM with every kind of device', () => {
    const { spec, warnings } = parse(SAFETY_VM);
    expect(warnings).toEqual([]);
    expect(spec).toMatchObject({
      name: 'safety-vm',
      arch: 'aarch64',
      image: '/boot/safety-qnx.ifs',
      cpus: 2,
      cpulist: [2, 3],
      ram: [{ base: 0x8000_0000, size: 0x1000_0000 }],
      vdevs: [
        {
          type: 'qcar-uart',
          options: [
            { name: 'base', value: '0x9000000' },
            { name: 'irq', value: '33' },
            { name: 'baud', value: '115200' },
          ],
        },
        {
          type: 'virtio-net',
          options: [
            { name: 'peer', value: 'vswitch0' },
            { name: 'mac', value: '52:54:00:12:34:56' },
          ],
        },
        { type: 'virtio-blk', options: [{ name: 'file', value: '/dev/sd0t79' }] },
      ],
      baseDir: '/etc/vms',
    });
    expect('dtb' in spec).toBe(false);
  });

  it('reads a Linux VM with a device tree', () => {
    const { spec, warnings } = parse(LINUX_ADAS);
    expect(warnings).toEqual([]);
    expect(spec).toMatchObject({
      dtb: '/boot/linux-adas.dtb',
      cpus: 4,
      cpulist: [4, 5, 6, 7],
      ram: [{ base: 2 ** 32, size: 2 ** 30 }],
    });
    expect(spec.vdevs[2]?.options.map(({ name, value }) => [name, value])).toEqual([
      ['name', 'shm-safety-adas'],
      ['size', '4M'],
      ['role', 'client'],
    ]);
  });

  it.each([
    ['pass-through', PASS_THROUGH],
    ['shared memory, server', SHARED_MEMORY('name=shm-safety-hmi,size=8M,role=server,paddr=0x70000000')],
    ['shared memory, client', SHARED_MEMORY('name=shm-safety-hmi,size=8M,role=client')],
  ])('reads the %s example', (_, text) => {
    expect(checkVmConfig(text, OPTIONS)).toEqual([]);
  });

  it('keeps the place of every value', () => {
    const { spec } = parse(SAFETY_VM);
    const place = (at: { line: number; column: number } | undefined) => at && [at.line, at.column];
    expect(place(sourceOf(spec.source))).toEqual([2, 1]);
    expect(place(sourceOf(spec.source, 'name'))).toEqual([3, 13]);
    expect(place(sourceOf(spec.source, 'dtb'))).toEqual([2, 1]);
    expect(place(sourceOf(spec.ram[0]?.source, 'size'))).toEqual([8, 41]);
    expect(place(sourceOf(spec.vdevs[1]?.source, 'type'))).toEqual([16, 21]);
    const irq = spec.vdevs[0]?.options[1];
    expect(place(irq?.at)).toEqual([13, 39]);
    expect(place(irq?.valueAt)).toEqual([13, 43]);
    expect(irq?.at?.file).toBe('vm.qvmconf');
  });

  it('finds places after escapes', () => {
    const { spec } = parse(
      '{"name":"a","image":"i","ram":[{"size":"1M"}],"vdev":[{"type":"t","config":"a=\\"\\u0041,\\",b=2"}]}',
    );
    const [a, b] = spec.vdevs[0]?.options ?? [];
    expect(a).toMatchObject({ name: 'a', value: 'A,' });
    expect(b).toMatchObject({ name: 'b', value: '2', at: { column: 91 }, valueAt: { column: 93 } });
  });

  it('expands variables in paths and option values, and resolves relative paths', () => {
    const { spec } = parse(`{
      "name": "a", "arch": "x86_64", "cpumodel": "x86-64-v2, +aes", "entry": "pvh", "image": "\${QVM_GUESTS}/Image", "initrd": "./initrd.gz", "dtb": "../a$$b$c.dtb",
      "cmdline": "root=\${QVM_GUESTS}", "priority": 10,
      "ram": [{ "size": 0x100000 }, { "base": 4294967296, "size": 4096, }, { "size": "4k" }],
      "vdev": [{ "type": "@acme/vdev-x", "config": "file=\${HOME}/disk,legacy" }, { "type": "pl011" }],
    }`);
    expect(spec).toMatchObject({
      arch: 'x86_64',
      cpumodel: 'x86-64-v2, +aes',
      entry: 'pvh',
      image: '/var/guests/Image',
      initrd: '/etc/vms/initrd.gz',
      dtb: '/etc/vms/../a$b$c.dtb',
      cmdline: 'root=${QVM_GUESTS}',
      priority: 10,
      ram: [{ size: 0x10_0000 }, { base: 2 ** 32, size: 4096 }, { size: 4096 }],
      vdevs: [{ type: '@acme/vdev-x' }, { type: 'pl011', options: [] }],
    });
    const options = spec.vdevs[0]?.options ?? [];
    expect(options[0]?.value).toBe('/root/disk');
    expect(options[1] !== undefined && 'value' in options[1]).toBe(false);
  });

  it('places a region without base after the highest one when that is known', () => {
    const ram = (text: string) => parse(`{"name":"a","image":"i","ram":${text}}`).spec.ram.map(({ base }) => base);
    expect(ram('[{"base":"2G","size":"1G"},{"base":"1G","size":"1M"},{"size":"1M"}]')).toEqual([
      2 ** 31,
      2 ** 30,
      3 * 2 ** 30,
    ]);
    expect(ram('[{"size":"1M"},{"size":"1M"}]')).toEqual([undefined, undefined]);
  });

  it("never lets a variable's value become syntax", () => {
    const options = { ...OPTIONS, environment: { EVIL: 'x,irq=1,"${HOME}"', HOME: '/root' } };
    const { spec } = parseVmConfig(
      '{"name":"a","image":"i","ram":[{"size":"1M"}],"vdev":[{"type":"t","config":"f=${EVIL}"}]}',
      options,
    );
    expect(spec.vdevs[0]?.options.map(({ value }) => value)).toEqual(['x,irq=1,"${HOME}"']);
  });

  it('survives structured cloning and JSON', () => {
    const { spec } = parse(LINUX_ADAS);
    expect(structuredClone(spec)).toEqual(spec);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  it('reports everything at once, in order, one line each', () => {
    const error = caught('{\n "nam": "x",\n "image": 5\n "cpus": 0, "ram": [{"size": "1x"}] // end\n}');
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe('config.missing-key');
    expect(error.message.split('\n')).toEqual([
      'vm.qvmconf:1:1: error: the key "name" is missing; add a name such as "linux-1"',
      'vm.qvmconf:2:2: error: unknown key "nam"; did you mean "name"?',
      'vm.qvmconf:3:11: error: "image" must be a path in double quotes, found the number 5',
      'vm.qvmconf:3:12: error: missing "," after this value; add a comma',
      'vm.qvmconf:4:10: error: "cpus" cannot be 0; it must be a whole number from 1 to 8',
      'vm.qvmconf:4:30: error: "1x" is not a size; right would be "256M", "1G" or "0x10000000"',
      'vm.qvmconf:4:37: error: comments do not begin with //; begin them with #',
    ]);
  });

  it('warns without failing', () => {
    const { warnings } = parse('{"name":"a","image":"i","cpulist":"2,3","ram":[{"base":"4096","size":"1M"}]}');
    expect(warnings.map(formatFinding)).toEqual([
      'vm.qvmconf:1:35: warning: cpulist names 2 host CPUs for 1 virtual CPU; some host CPUs will stay unused unless "cpus" is 2',
      'vm.qvmconf:1:56: warning: the address "4096" is read as decimal; write "0x4096" or "0d4096" to say which is meant',
    ]);
  });
});

function caught(text: string): ConfigError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no error');
}

/** A minimal VM followed by `extra`, which begins at column 1 of line 2. */
const vm = (extra: string) => `{"name":"a","image":"i","ram":[{"base":0,"size":"1M"}],\n${extra}}`;
/** A minimal VM with these RAM regions, which begin in line 1, column 31. */
const ram = (regions: string) => `{"name":"a","image":"i","ram":${regions}}`;
const config = (text: string) => vm(`"vdev":[{"type":"t","config":"${text}"}]`);

type Row = [text: string, ...findings: [code: string, line: number, column: number][]];

const BAD: Row[] = [
  // Not JSON.
  ['', ['syntax', 1, 1]],
  ['# only\n', ['syntax', 2, 1]],
  ['[]', ['syntax', 1, 1]],
  ['name: x', ['unknown-word', 1, 1]],
  ['%YAML 1.2\n---\n{}', ['unknown-word', 1, 1]],
  ['&a {"name": *a}', ['unknown-word', 1, 1]],
  [vm('"dtb": *a'), ['syntax', 2, 8]],
  [vm('"dtb": !!str "x"'), ['syntax', 2, 8]],
  ['{', ['syntax', 1, 2]],
  [`${vm('"dtb":"x"')}}`, ['syntax', 2, 11]],
  [`${vm('')}\n---\n{}`, ['syntax', 3, 1]],
  [vm('"dtb":"x'), ['syntax', 2, 7]],
  [vm('"dtb":"x\n"'), ['syntax', 2, 7]],
  [vm('"dtb" "x"'), ['syntax', 2, 6]],
  [vm('"dtb"="x"'), ['syntax', 2, 6]],
  [vm('"dtb":'), ['syntax', 2, 7]],
  [vm('"dtb" '), ['syntax', 2, 6]],
  [vm('"dtb":"x" "initrd":"y"'), ['syntax', 2, 10]],
  [vm('"dtb":"x",,"initrd":"y"'), ['syntax', 2, 11]],
  [vm("'dtb':'x'"), ['syntax', 2, 1], ['syntax', 2, 7]],
  [vm('dtb:"x"'), ['syntax', 2, 1]],
  [vm('5:"x"'), ['syntax', 2, 1]],
  [vm('"arch":aarch64'), ['syntax', 2, 8]],
  [vm('"dtb":"\\q"'), ['syntax', 2, 8]],
  [vm('"dtb":"\\u12"'), ['syntax', 2, 8]],
  [vm('"dtb":"a\tb"'), ['bad-path', 2, 7], ['syntax', 2, 9]],
  [vm('"cpus":NaN'), ['syntax', 2, 8]],
  [vm('"cpus":1e999'), ['syntax', 2, 8]],
  [vm('"cpus":01'), ['syntax', 2, 8]],
  [vm('"cpus":\u00a02'), ['syntax', 2, 8]],
  [vm('"vdev":[}'), ['syntax', 2, 9]],
  [vm('{}'), ['syntax', 2, 1]],
  [vm('// "dtb":"x"\n'), ['comment', 2, 1]],
  [vm('/* x */'), ['comment', 2, 1]],
  ['{"a":'.repeat(40), ['too-deep', 1, 161]],
  [vm('"dtb":"x","dtb":"y"'), ['duplicate-key', 2, 11]],
  // Keys and types.
  ['{}', ['missing-key', 1, 1], ['missing-key', 1, 1]],
  ['{"host":{},"vms":[]}', ['system-file', 1, 1]],
  [SYSTEM, ['system-file', 1, 1]],
  [vm('"vdevs":[]'), ['unknown-key', 2, 1]],
  [vm('"__proto__":{}'), ['unknown-key', 2, 1]],
  [vm('"cpus":"2"'), ['wrong-type', 2, 8]],
  [vm('"cpulist":2'), ['wrong-type', 2, 11]],
  [vm('"dtb":null'), ['wrong-type', 2, 7]],
  [vm('"vdev":{}'), ['wrong-type', 2, 8]],
  [vm('"vdev":[1]'), ['wrong-type', 2, 9]],
  [vm('"vdev":[{}]'), ['missing-key', 2, 9]],
  [vm('"vdev":[{"type":"t","config":{}}]'), ['wrong-type', 2, 30]],
  [vm('"vdev":[{"type":"t","conf":""}]'), ['unknown-key', 2, 21]],
  [ram('[]'), ['missing-key', 1, 31]],
  [ram('[{"base":0}]'), ['missing-key', 1, 32]],
  [ram('[{"size":true}]'), ['wrong-type', 1, 40]],
  // Values.
  ['{"name":"a b","image":"","ram":[{"size":"1M"}]}', ['bad-name', 1, 9], ['bad-path', 1, 23]],
  ['{"name":"..","image":"i","ram":[{"size":"1M"}]}', ['bad-name', 1, 9]],
  [vm('"arch":"arm64"'), ['bad-arch', 2, 8]],
  [vm('"cpumodel":"a b"'), ['bad-cpumodel', 2, 12]],
  [vm('"cpumodel":"a,b"'), ['bad-cpumodel', 2, 12]],
  [vm(`"cpumodel":"${'a'.repeat(1025)}"`), ['bad-cpumodel', 2, 12]],
  [vm('"cpumodel":1'), ['wrong-type', 2, 12]],
  [vm('"entry":"PVH"'), ['bad-entry', 2, 9]],
  [vm(`"entry":"${'a'.repeat(65)}"`), ['bad-entry', 2, 9]],
  [vm('"entry":1'), ['wrong-type', 2, 9]],
  [vm('"dtb":"a\\u0000b"'), ['bad-path', 2, 7]],
  [vm('"dtb":"${NOPE}"'), ['unknown-variable', 2, 7]],
  [vm('"dtb":"${toString}"'), ['unknown-variable', 2, 7]],
  [vm('"dtb":"${A B}"'), ['bad-expansion', 2, 7]],
  [vm('"dtb":"${HOME"'), ['bad-expansion', 2, 7]],
  [vm('"cmdline":"a\\nb"'), ['bad-cmdline', 2, 11]],
  [vm(`"cmdline":"${'x'.repeat(2048)}"`), ['cmdline-length', 2, 11]],
  [vm('"cpus":0'), ['out-of-range', 2, 8]],
  [vm('"cpus":9'), ['out-of-range', 2, 8]],
  [vm('"cpus":1.5'), ['out-of-range', 2, 8]],
  [vm('"priority":256'), ['out-of-range', 2, 12]],
  [vm('"cpulist":""'), ['bad-cpulist', 2, 11]],
  [vm('"cpulist":"3-1"'), ['bad-cpulist', 2, 11]],
  [vm('"cpulist":"0-2,1"'), ['bad-cpulist', 2, 11]],
  [vm('"cpulist":"99999"'), ['bad-cpulist', 2, 11]],
  [vm('"cpulist":"0","cpus":2'), ['cpulist-length', 2, 11]],
  [ram('[{"size":-4096}]'), ['bad-size', 1, 40]],
  [ram('[{"size":0}]'), ['bad-size', 1, 40]],
  [ram('[{"size":4096.5}]'), ['bad-size', 1, 40]],
  [ram('[{"size":"-1M"}]'), ['bad-size', 1, 40]],
  [ram('[{"size":"NaN"}]'), ['bad-size', 1, 40]],
  [ram('[{"size":"9999999999T"}]'), ['bad-size', 1, 40]],
  [ram('[{"size":"256MB"}]'), ['bad-size', 1, 40]],
  [ram('[{"size":"1025"}]'), ['unaligned', 1, 40]],
  [ram('[{"size":"512T"}]'), ['ram-range', 1, 40]],
  [ram('[{"base":"0x1800","size":"1M"}]'), ['unaligned', 1, 40]],
  [ram('[{"base":"80000000h","size":"1M"}]'), ['bad-address', 1, 40]],
  [ram('[{"base":"1G","size":"1M"},{"base":"0x400ff000","size":"1M"}]'), ['ram-overlap', 1, 58]],
  [
    ram('[{"base":"1G","size":"4M"},{"base":"1025M","size":"4K"},{"base":"1027M","size":"4K"}]'),
    ['ram-overlap', 1, 58],
    ['ram-overlap', 1, 87],
  ],
  [vm('"vdev":[{"type":"qvm-vdev-"}]'), ['bad-vdev-type', 2, 17]],
  [vm('"vdev":[{"type":"../x"}]'), ['bad-vdev-type', 2, 17]],
  // Columns inside of a config string whose opening quote is at column 30.
  [config('a=1,,b'), ['option-syntax', 2, 35]],
  [config('a=1,'), ['option-syntax', 2, 35]],
  [config('a=1, =2,b c'), ['option-syntax', 2, 36], ['option-syntax', 2, 41]],
  [config("a='x"), ['option-syntax', 2, 33]],
  [config("a='x'y,b"), ['option-syntax', 2, 36]],
  [config('a=x\\"y'), ['option-syntax', 2, 34]],
  [config('a=1,b=${NOPE}'), ['unknown-variable', 2, 37]],
];

describe('checkVmConfig', () => {
  it.each(BAD)('%j', (text, ...expected) => {
    const found = checkVmConfig(text, OPTIONS).map(({ code, line, column }) => [
      code.replace('config.', ''),
      line,
      column,
    ]);
    expect(found).toEqual(expected);
  });

  it('goes on after text without a meaning', () => {
    const text = [
      '{ "name": "a b",',
      '  "image": "i,',
      '  "cpus": 2 : 3,',
      '  "ram": [ { "size": "1x" }, { "size": "1y" ],',
      '  "cpulist": %0,',
      '  "cmdlin": "x",',
      '  "vdev": [ { "type": "pl011", "config": "a=1 } ],',
      '  "restart": "often"',
    ].join('\n');
    const found = checkVmConfig(text, OPTIONS).map(({ code, line, column }) => [code.slice(7), line, column]);
    expect(found).toEqual([
      ['bad-name', 1, 11],
      ['syntax', 2, 12],
      ['syntax', 3, 13],
      ['bad-size', 4, 22],
      ['bad-size', 4, 40],
      ['syntax', 4, 45],
      ['syntax', 5, 14],
      ['unknown-key', 6, 3],
      ['syntax', 7, 42],
      ['bad-setting', 8, 14],
      ['syntax', 8, 21],
    ]);
  });

  it('ends the list after 99 errors', () => {
    const found = checkVmConfig(vm(Array.from({ length: 150 }, (_, index) => `"k${index}":1`).join()), OPTIONS);
    expect(found.length).toBe(100);
    expect(found.filter(({ code }) => code === 'config.unknown-key').length).toBe(99);
    expect(found.at(-1)).toMatchObject({ code: 'config.too-many', severity: 'error' });
  });

  it('lets many warnings stay warnings', () => {
    const regions = Array.from({ length: 150 }, (_, index) => `{"base":"${(index + 1) * 4096}","size":"4K"}`).join();
    const found = checkVmConfig(ram(`[${regions}]`), OPTIONS);
    expect(found.length).toBe(100);
    expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['warning']));
  });

  it('refuses files and documents beyond the limits', () => {
    const codes = (text: string) => checkVmConfig(text, OPTIONS).map(({ code }) => code);
    expect(codes(' '.repeat(2 ** 20 + 1))).toEqual(['config.too-large']);
    expect(codes(`#${'\u20ac'.repeat(2 ** 19)}`)).toEqual(['config.too-large']);
    expect(codes(vm(`"vdev":[${'1,'.repeat(20_000)}]`))).toEqual(['config.too-large']);
    const long = { ...OPTIONS, environment: { A: 'x'.repeat(4000) } };
    expect(checkVmConfig(vm(`"dtb":"${'${A}'.repeat(10_000)}"`), long)).toMatchObject([{ code: 'config.bad-path' }]);
  });

  it('escapes what would drive a terminal', () => {
    const [finding] = checkVmConfig(vm('"\\u001b[2J\u009b\u202e":1'), OPTIONS);
    expect(finding?.message).toBe('unknown key "\\u001b[2J\\u{9b}\\u{202e}"');
  });

  it('places lines whatever ends them', () => {
    const place = (text: string) => checkVmConfig(text, OPTIONS).map(({ line, column }) => [line, column])[0];
    expect(place('{"a":1,\r\n\r\n  # c\r\n\t"b" 2}')).toEqual([1, 1]);
    expect(checkVmConfig('\uFEFF{\r\r\n\t"b" 2}', OPTIONS)).toContainEqual(
      expect.objectContaining({ code: 'config.syntax', line: 3, column: 5 }),
    );
  });
});
