import { QvmError } from '../errors/qvm-error.js';
import { MEMORY_SOURCE } from '../memory/memory-pool.js';
import type { Token } from '../plugin/token.js';
import { STAGE_OBSERVE } from '../hooks/stages.js';
import { MACHINE_POWER, type MachinePower } from '../power/machine-power.js';
import type { MmioHandler } from '../memory/memory-region.js';
import { POWER_BUTTON } from '../power/power-button.js';
import { VcpuExit } from '../vcpu/vcpu.js';
import type { VdevContext, VdevFactory } from '../vdev/vdev.js';
import {
  FAKE_FILES,
  FAKE_MACHINE,
  FakeArchitecture,
  fakeBoard,
  fakeRegisters,
  fakeVdev,
  fakeVmOptions,
  recordingLogger,
  type Instruction,
} from './fake-machine.test.helper.js';
import { VdevError } from './vdev-error.js';
import { VmExitCode } from './vm-exit.js';
import type { VmOptions } from './vm-options.js';
import { Vm } from './vm.js';

const wfi: Instruction = () => VcpuExit.Halted;

async function bootedVm(program: Instruction, changes: Partial<VmOptions> = {}) {
  const architecture = new FakeArchitecture(program);
  const vm = new Vm(fakeVmOptions(architecture, changes));
  await vm.boot(FAKE_FILES);
  const machine = architecture.machine;
  if (machine === undefined) throw new Error('no machine was made');
  return { vm, machine };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof QvmError ? error.code : String(error);
  }
  return 'no error';
}

describe('Vm: building', () => {
  it('builds in the documented order, implicit vdevs first, and places what is not placed', () => {
    const architecture = new FakeArchitecture();
    const board = fakeBoard({ implicitVdevs: ['pic'], defaultConsole: 'uart' });
    const order: string[] = [];
    const factory = (type: string) =>
      fakeVdev(type, { create: ({ name, attachment }) => (order.push(name), attachment(FAKE_MACHINE), {}) });
    const vm = new Vm(
      fakeVmOptions(architecture, {
        board,
        ram: [{ size: 0x1000 }, { size: 0x2000 }, { base: 0x1000, size: 0x1000, kind: 'rom', name: 'flash' }],
        vdevs: [
          { factory: factory('disk'), options: {} },
          { factory: factory('disk'), options: { name: 'data' } },
        ],
        implicitVdev: (type) => ({ factory: factory(type), options: {} }),
        plugins: [{ name: 'p', apply: ({ name }) => void order.push(`plugin on ${name}`) }],
      }),
    );
    expect(order).toEqual(['pic-0', 'disk-0', 'data', 'uart-0', 'plugin on test-vm']);
    expect(vm.map.regions.map(({ name, base, size }) => [name, base, size])).toEqual([
      ['flash', 0x1000, 0x1000],
      ['ram0', 0x4000_0000, 0x1000],
      ['ram1', 0x4000_1000, 0x2000],
    ]);
  });

  it('makes no default console beside a named vdev that is one, whatever its type', () => {
    const architecture = new FakeArchitecture();
    const board = fakeBoard({ defaultConsole: 'other' });
    const implicitVdev = (type: string) => ({ factory: fakeVdev(type), options: {} });
    const typesWith = (type: string) =>
      new Vm(
        fakeVmOptions(architecture, { board, vdevs: [{ factory: fakeVdev(type), options: {} }], implicitVdev }),
      ).vdevs.map(({ factory }) => factory.type);
    expect([typesWith('uart'), typesWith('disk')]).toEqual([['uart'], ['disk', 'other']]);
  });

  it('lets a named vdev take the place of the implicit one', () => {
    const architecture = new FakeArchitecture();
    const board = fakeBoard({ implicitVdevs: ['pic'] });
    const spec = (type: string, name: string) => ({ factory: fakeVdev(type), options: { name } });
    const vm = new Vm(fakeVmOptions(architecture, { board, vdevs: [spec('disk', 'a'), spec('pic', 'mine')] }));
    expect(vm.vdevs.map(({ name }) => name)).toEqual(['mine', 'a']);
  });

  it('obeys base and irq, and passes interrupts on', async () => {
    const factory = fakeVdev('uart', {
      resources: { mmio: [{ name: 'registers', size: 0x1000 }], interrupts: [{ name: 'irq' }] },
      create: (context) => {
        const line = context.interrupt('irq');
        expect(context.interrupt('irq')).toBe(line);
        expect(context.mmioBase).toEqual({ registers: 0x900_0000 });
        return {
          mmio: { registers: { read: () => line.number, write: (_offset, _width, value) => line.set(value !== 0) } },
        };
      },
    });
    const { vm, machine } = await bootedVm(wfi, { vdevs: [{ factory, options: { base: 0x900_0000, irq: 33 } }] });
    const region = vm.map.find(0x900_0ffc);
    if (region?.kind !== 'mmio') throw new Error('not mapped');
    expect(region.name).toBe('uart-0');
    expect(region.handler.read(0, 4)).toBe(33);
    region.handler.write(0, 4, 1);
    expect(machine.vcpus[0]?.interrupt).toBe(true);
    expect(vm.interruptStatistics()).toEqual([
      { number: 33, vcpu: undefined, source: 'uart-0', count: 1, level: true },
    ]);
  });

  it('gives vdevs their I/O ports, and the machine all of them', async () => {
    const registers = fakeRegisters();
    const factory = fakeVdev('serial', {
      resources: { ports: [{ name: 'registers', size: 8 }] },
      create: (context) => {
        expect(context.portBase).toEqual({ registers: 0x2f8 });
        return { ports: { registers } };
      },
    });
    const { vm, machine } = await bootedVm(wfi, {
      board: fakeBoard({ ioPorts: true }),
      vdevs: [{ factory, options: { ports: 0x2f8 } }],
    });
    const region = machine.services.ports.find(0x2fb);
    expect(region).toMatchObject({ name: 'serial-0', base: 0x2f8, size: 8 });
    region?.handler.write(3, 1, 0x80);
    expect([registers.values.get(3), region?.handler.read(3, 1)]).toEqual([0x80, 0x80]);
    expect(vm.vdevs[0]?.ports).toEqual([{ name: 'registers', base: 0x2f8, size: 8 }]);
    expect(vm.ports).toEqual([expect.objectContaining({ name: 'serial-0', base: 0x2f8, size: 8 })]);
  });

  it('gives vdevs a source of message interrupts, in create only', async () => {
    const received: unknown[] = [];
    let context: VdevContext | undefined;
    const factory = fakeVdev('nic', {
      create: (made) => {
        context = made;
        const messages = made.messages();
        made.clock.createTimer('send', () => messages.message(0xfee0_0000, 0x41)).arm(100);
        return {};
      },
    });
    const { vm, machine } = await bootedVm(() => undefined, { vdevs: [{ factory, options: {} }] });
    machine.services.wiring.attachMessages({ message: (...message) => void received.push(message) });
    vm.step(100);
    expect(received).toEqual([[0xfee0_0000, 0x41]]);
    expect(vm.interruptStatistics()).toEqual([
      { number: 0x41, vcpu: undefined, source: 'nic-0', count: 1, level: false, message: true },
    ]);
    expect(() => context?.messages()).toThrow(expect.objectContaining({ code: 'vdev.phase' }) as QvmError);
  });

  it('asks for the resources of the machine that the vdev is for', () => {
    const seen: unknown[] = [];
    const factory: VdevFactory = {
      ...fakeVdev('dev'),
      resources: (_, machine) => {
        seen.push(machine?.ioPorts);
        return {};
      },
    };
    for (const board of [fakeBoard(), fakeBoard({ ioPorts: true })]) {
      new Vm(fakeVmOptions(new FakeArchitecture(), { board, vdevs: [{ factory, options: {} }] }));
    }
    expect(new Set(seen.slice(0, seen.length / 2))).toEqual(new Set([false]));
    expect(new Set(seen.slice(seen.length / 2))).toEqual(new Set([true]));
  });

  it('lets the resources of a vdev depend on the places of the board', () => {
    const seen: unknown[] = [];
    const factory: VdevFactory = {
      ...fakeVdev('dev'),
      resources: (_, machine) => {
        seen.push(machine?.place('bus'), machine?.place('toString'));
        return {};
      },
    };
    const bus = { windows: { memory: { base: 0x1000, size: 0x1000 } } };
    new Vm(
      fakeVmOptions(new FakeArchitecture(), {
        board: fakeBoard({ places: { bus } }),
        vdevs: [{ factory, options: {} }],
      }),
    );
    expect(seen.slice(-2)).toEqual([bus, undefined]);
  });

  describe('with a vdev that requires another one', () => {
    const host = fakeVdev('host');
    const other = fakeVdev('other', { resources: { role: 'host' } });
    const device = fakeVdev('device', { resources: { requires: ['host'] } });
    const namesOf = (vdevs: readonly VdevFactory[], more: Partial<VmOptions> = {}): readonly string[] => {
      const options = {
        implicitVdev: (type: string) => (type === 'host' ? { factory: host, options: {} } : undefined),
        vdevs: vdevs.map((factory) => ({ factory, options: {} })),
        ...more,
      };
      return new Vm(fakeVmOptions(new FakeArchitecture(), options)).vdevs.map(({ name }) => name);
    };

    it('makes that one first: the named one, or else one more, of the type or the role', () => {
      expect(namesOf([device, device])).toEqual(['host-0', 'device-0', 'device-1']);
      expect(namesOf([device, host])).toEqual(['host-0', 'device-0']);
      expect(namesOf([fakeVdev('first'), device, other])).toEqual(['other-0', 'first-0', 'device-0']);
      expect(namesOf([device], { board: fakeBoard({ implicitVdevs: ['host'] }) })).toEqual(['host-0', 'device-0']);
      expect(namesOf([fakeVdev('first')])).toEqual(['first-0']);
    });

    it('is an error where none is known', () => {
      expect(codeOf(() => namesOf([device], { implicitVdev: () => undefined }))).toBe('vdev.unknown-type');
    });
  });

  it('blames the vdev whose handler fails, whoever maps it', async () => {
    let shared: MmioHandler | undefined;
    const owner = fakeVdev('owner', {
      create: (context) => {
        shared = context.handler({
          read: () => {
            throw new Error('broken');
          },
          write: () => undefined,
        });
        return {};
      },
    });
    const mapper = fakeVdev('mapper', {
      resources: { windows: [{ name: 'memory', size: 0x2000, base: 0x8000_0000, bus: true }] },
      create: (context) => {
        context.window('memory').mapRegisters(0x1000, 0x1000, shared as MmioHandler, 'owner-0');
        return {};
      },
    });
    const { vm } = await bootedVm(wfi, {
      vdevs: [owner, mapper].map((factory) => ({ factory, options: {} })),
      service: (token: Token<unknown>) => {
        if (token.key === MEMORY_SOURCE.key) throw new Error('a bus needs no shared memory');
        return undefined;
      },
    });
    const [gap, region] = [vm.map.find(0x8000_0ffc), vm.map.find(0x8000_1000)];
    if (gap?.kind !== 'mmio' || region?.kind !== 'mmio') throw new Error('not mapped');
    gap.handler.write(0, 4, 1);
    expect([gap.name, gap.empty, gap.handler.read(0, 4), gap.handler.read(1, 1)]).toEqual([
      'mapper-0',
      true,
      0xffff_ffff,
      0xff,
    ]);
    expect(region.name).toBe('owner-0');
    expect(() => region.handler.read(0, 4)).toThrow('The vdev owner-0 failed (read of offset 0x0).');
  });

  const placed = (options: VmOptions['vdevs'][number]['options'], resources = {}) => {
    const factory = fakeVdev('dev', {
      resources: {
        mmio: [{ name: 'r', size: 0x1000 }],
        interrupts: [{ name: 'i' }],
        ...resources,
      },
      create: () => ({
        mmio: { r: fakeRegisters() },
        ...(options.ports === undefined ? {} : { ports: { r: fakeRegisters() } }),
      }),
    });
    return { factory, options };
  };
  const noMmio = { mmio: [] };
  it.each([
    ['vdev.base-taken', [placed({}), placed({ irq: 41 })]],
    ['vdev.irq-taken', [placed({}), placed({ base: 0x2000 })]],
    ['memory.overlap', [placed({}), placed({ base: 0x1ffc, irq: 41 })]],
    ['memory.overlap', [placed({ base: 0x4000_0000 })]],
    ['memory.alignment', [placed({ base: 0x1001 })]],
    ['vdev.option', [placed({ base: 0x1000 }, noMmio)]],
    ['vdev.option', [placed({ irq: 1 }, { interrupts: [] })]],
    ['vdev.no-base', [placed({}, { mmio: [{ name: 'q', size: 4 }] })]],
    ['vdev.no-irq', [placed({}, { interrupts: [{ name: 'j' }] })]],
    ['vdev.no-handler', [placed({}, { mmio: [{ name: 'other', size: 4 }] })]],
    ['vdev.no-handler', [placed({}, { ports: [{ name: 'r', size: 1 }] })]],
    ['memory.range', [placed({ ports: 0xffff }, { ports: [{ name: 'r', size: 2 }] })]],
    ['vdev.duplicate-name', [placed({ name: 'x' }), placed({ name: 'x' })]],
    ['no error', [placed({}), placed({ base: 0x2000, irq: 40 })]],
  ])('reports %s (%#)', (code, vdevs) => {
    const board = fakeBoard({
      ioPorts: true,
      places: { dev: { base: { r: 0x1000, other: 0 }, port: 0x60, interrupt: { i: 40 } } },
    });
    expect(codeOf(() => new Vm(fakeVmOptions(new FakeArchitecture(), { board, vdevs })))).toBe(code);
  });

  it.each<[string, Partial<VmOptions>]>([
    ['vm.vcpus', { vcpus: 0 }],
    ['vm.vcpus', { vcpus: 256 }],
    ['vm.vcpus', { vcpus: 1.5 }],
    ['vm.no-ram', { ram: [] }],
    ['memory.alignment', { ram: [{ size: 100 }] }],
    ['memory.too-large', { ram: [{ size: 2 ** 40 }] }],
    ['clock.rate', { clock: { kind: 'icount', nanosecondsPerInstruction: 0 } }],
  ])('reports %s for %p', (code, changes) => {
    expect(codeOf(() => new Vm(fakeVmOptions(new FakeArchitecture(), changes)))).toBe(code);
  });

  it('refuses a board for other guests', () => {
    const board = fakeBoard({ architecture: 'other' });
    expect(codeOf(() => new Vm(fakeVmOptions(new FakeArchitecture(), { board })))).toBe('vm.board');
  });

  it('has RAM where the board has it, and nothing where the board keeps addresses', () => {
    const reserved = [{ name: 'flash', base: 0x1000, size: 0x1000 }];
    const board = fakeBoard({ ram: { base: 0x8000_0000 }, reserved });
    const vm = new Vm(fakeVmOptions(new FakeArchitecture(), { board }));
    expect(vm.map.regions.map(({ name, base }) => [name, base])).toEqual([
      ['flash of the board fake', 0x1000],
      ['ram0', 0x8000_0000],
    ]);
    const ram = [{ base: 0, size: 0x4000 }];
    expect(codeOf(() => new Vm(fakeVmOptions(new FakeArchitecture(), { board, ram })))).toBe('memory.overlap');
  });

  it('reports implicit vdevs that nobody knows', () => {
    const architecture = new FakeArchitecture();
    const board = fakeBoard({ implicitVdevs: ['pic'] });
    expect(codeOf(() => new Vm(fakeVmOptions(architecture, { board })))).toBe('vdev.unknown-type');
  });

  it('names a vdev whose creation fails, and releases those made before', () => {
    const good = fakeVdev('good');
    const bad = fakeVdev('bad', {
      create: () => {
        throw new Error('no');
      },
    });
    const vdevs = [
      { factory: good, options: {} },
      { factory: bad, options: {} },
    ];
    const build = () => new Vm(fakeVmOptions(new FakeArchitecture(), { vdevs }));
    expect(build).toThrow(VdevError);
    expect(build).toThrow('The vdev bad-0 failed (create).');
    expect(good.events).toEqual(['good-0 dispose', 'good-0 dispose']);
  });

  it('names a plugin that fails, and releases the vdevs', () => {
    const good = fakeVdev('good');
    const plugin = {
      name: 'broken',
      apply: () => {
        throw new Error('no');
      },
    };
    const options = fakeVmOptions(new FakeArchitecture(), {
      vdevs: [{ factory: good, options: {} }],
      plugins: [plugin],
    });
    expect(codeOf(() => new Vm(options))).toBe('plugin.failed');
    expect(good.events).toEqual(['good-0 dispose']);
  });
});

describe('Vm: vdev context', () => {
  it('refuses start-up calls after the start, and what is not there', async () => {
    const codes: string[] = [];
    const factory = fakeVdev('dev', {
      create: (context) => {
        context.privateInterrupt(27, 0);
        codes.push(codeOf(() => context.interrupt('none')));
        codes.push(codeOf(() => context.openCharacterBackend('stdio')));
        codes.push(codeOf(() => context.attachment({ key: Symbol('x'), description: 'x' })));
        for (const code of [-1, 256, 1.5, NaN]) codes.push(codeOf(() => context.terminate(code, 'no exit code')));
        const late = () => {
          codes.push(codeOf(() => context.privateInterrupt(28, 0)));
          codes.push(codeOf(() => context.openCharacterBackend('stdio')));
        };
        context.post(late);
        return {};
      },
    });
    const { vm } = await bootedVm(wfi, { vdevs: [{ factory, options: {} }] });
    vm.step(1);
    const exitCodes = Array.from({ length: 4 }, () => 'vdev.exit-code');
    const missing = ['vdev.interrupt', 'vm.no-backend', 'vdev.attachment-missing'];
    expect(codes).toEqual([...missing, ...exitCodes, 'vdev.phase', 'vdev.phase']);
  });

  it('gives input of a back end to the vdev as a task of the VM', async () => {
    let input: (() => void) | undefined;
    const seen: number[] = [];
    const factory = fakeVdev('uart', {
      create: ({ openCharacterBackend }) => {
        const backend = openCharacterBackend('test');
        backend.onInput(() => seen.push(backend.available));
        return {};
      },
    });
    const { vm } = await bootedVm(wfi, {
      vdevs: [{ factory, options: {} }],
      openCharacterBackend: () => ({
        write: () => undefined,
        read: () => new Uint8Array(0),
        available: 7,
        onInput: (listener) => (input = listener),
        flush: () => undefined,
        close: () => undefined,
      }),
    });
    input?.();
    input?.();
    expect(seen).toEqual([]);
    vm.step(1);
    expect(seen).toEqual([7]);
    input?.();
    vm.step(1);
    expect(seen).toEqual([7, 7]);
  });
});

describe('Vm: stepping', () => {
  it('runs the instructions it is given', async () => {
    const { vm } = await bootedVm(() => undefined);
    expect(vm.step(12_345)).toEqual({ kind: 'ran' });
    expect(vm.instructions).toBe(12_345);
    expect(vm.clock.now()).toBe(123_450);
    expect(vm.stats()).toMatchObject({
      name: 'test-vm',
      state: 'running',
      time: 123_450,
      instructions: 12_345,
      resets: 0,
      vcpus: [{ index: 0, state: 'ready', instructions: 12_345, pc: 49_380n }],
      engine: { boots: 1 },
    });
  });

  it('fires timers at the exact instruction under icount, also those armed inside a turn', async () => {
    const fired: [string, number, number][] = [];
    const timers = {
      arm(this: void, vm: Vm) {
        const note = (name: string) => () => fired.push([name, vm.clock.now(), vm.instructions]);
        vm.clock.createTimer('outside', note('outside')).arm(1_005);
        return vm.clock.createTimer('inside', note('inside'));
      },
    };
    let inside: ReturnType<typeof timers.arm> | undefined;
    const { vm } = await bootedVm((vcpu) => {
      if (vcpu.instructions === 50) inside?.arm(vcpu.services.clock.now() + 100);
      return undefined;
    });
    inside = timers.arm(vm);
    vm.step(1_000);
    // 1,005 ns are reached with the 101st instruction; the other one was armed at 500 ns.
    expect(fired).toEqual([
      ['inside', 600, 60],
      ['outside', 1_010, 101],
    ]);
  });

  it('skips idle time under icount, and goes idle when nothing is due', async () => {
    const { vm, machine } = await bootedVm(wfi);
    const vcpu = machine.vcpus[0];
    const timer = vm.clock.createTimer('tick', () => {
      if (vcpu !== undefined) vcpu.interrupt = true;
    });
    timer.arm(5_000_000);
    expect(vm.step(1_000)).toEqual({ kind: 'ran' });
    expect(vm.clock.now()).toBeGreaterThanOrEqual(5_000_000);
    if (vcpu !== undefined) vcpu.interrupt = false;
    expect(vm.step(1_000)).toEqual({ kind: 'idle', until: undefined });
  });

  it('says until when it is idle under real time', async () => {
    let now = 1_000;
    const { vm } = await bootedVm(wfi, { clock: { kind: 'real-time', host: () => now } });
    let fired = 0;
    vm.clock.createTimer('tick', () => fired++).arm(5_000);
    expect(vm.step(1_000)).toEqual({ kind: 'idle', until: 5_000 });
    now += 5_000;
    expect(vm.step(1_000)).toEqual({ kind: 'idle', until: undefined });
    expect(fired).toBe(1);
  });

  it('gives vCPUs their turns', async () => {
    const { vm, machine } = await bootedVm(() => undefined, { vcpus: 3 });
    for (const vcpu of machine.vcpus) vcpu.on = true;
    const seen: string[] = [];
    machine.vcpus[1]?.hooks.stateChanged.tap('test', ({ from, to }) => void seen.push(`${from}>${to}`));
    vm.step(60_000);
    expect(machine.vcpus.map(({ instructions }) => instructions)).toEqual([20_000, 20_000, 20_000]);
    expect(seen).toEqual(['off>running', 'running>ready', 'ready>running', 'running>ready']);
  });

  it('ends a step even when nothing ever advances', async () => {
    const { vm } = await bootedVm(() => undefined);
    const timer = vm.clock.createTimer('mad', () => timer.arm(0));
    timer.arm(0);
    const { vm: idle } = await bootedVm(wfi);
    const again = idle.clock.createTimer('mad', () => again.arm(0));
    again.arm(0);
    expect(vm.step(1_000)).toEqual({ kind: 'ran' });
    expect(idle.step(1_000)).toEqual({ kind: 'ran' });
  });

  it('repeats exactly, however it is sliced', async () => {
    const trace = async (slice: number) => {
      const events: number[] = [];
      const { vm } = await bootedVm((vcpu) => {
        if (vcpu.instructions % 977 === 0) timer.arm(vcpu.services.clock.now() + 3_333);
        return vcpu.instructions % 1_500 === 0 ? VcpuExit.Halted : undefined;
      });
      const timer = vm.clock.createTimer('t', () => {
        events.push(vm.clock.now(), vm.instructions);
        const vcpu = vm.machine.vcpus[0];
        if (vcpu !== undefined && 'interrupt' in vcpu) vcpu.interrupt = true;
        timer.arm(vm.clock.now() + 10_000);
      });
      timer.arm(100);
      while (vm.instructions < 20_000) vm.step(slice);
      return events.slice(0, 40);
    };
    expect(await trace(97)).toEqual(await trace(5_000));
  });
});

describe('Vm: its end', () => {
  const requests: [string, Instruction, object][] = [
    [
      'power-off',
      (vcpu) => void vcpu.services.request({ kind: 'poweroff' }),
      { exitCode: 0, reason: 'The guest powered off.' },
    ],
    [
      'reset',
      (vcpu) => void vcpu.services.request({ kind: 'reset' }),
      { exitCode: 0, reason: 'The guest reset its machine.' },
    ],
    [
      'terminate',
      (vcpu) => void vcpu.services.request({ kind: 'terminate', exitCode: 33, reason: 'enough' }),
      { exitCode: 33, reason: 'enough' },
    ],
  ];
  it.each(requests)('%s ends the VM at once', async (_name, program, exit) => {
    const { vm } = await bootedVm(program);
    expect(vm.step(1_000)).toEqual({ kind: 'ended', exit });
    expect(vm.instructions).toBe(1);
    expect(vm.state).toBe('stopped');
    expect(vm.step(1_000)).toEqual({ kind: 'ended', exit });
  });

  it('fails by a reset that no guest can have wanted, unless it boots again, which is logged', async () => {
    const shutDown: Instruction = (vcpu) => void vcpu.services.request({ kind: 'reset', fault: 'A triple fault.' });
    const { vm } = await bootedVm(shutDown);
    expect(vm.step(1_000)).toEqual({ kind: 'ended', exit: { exitCode: 5, reason: 'A triple fault.' } });
    expect(vm.state).toBe('failed');
    const messages: string[] = [];
    const again = await bootedVm(shutDown, { onReset: 'restart', logger: { log: (_, text) => messages.push(text) } });
    expect(again.vm.step(1_000)).toEqual({ kind: 'reset' });
    expect(messages).toEqual([expect.stringMatching(/: A triple fault\.$/)]);
  });

  it.each([
    ['power-off', (power: MachinePower) => power.powerOff(), 'The guest powered off.'],
    ['reset', (power: MachinePower) => power.reset(), 'The guest reset its machine.'],
  ])('%s by a register of a vdev ends it, too', async (_name, act, reason) => {
    const factory = fakeVdev('power', {
      create: (context) => {
        const power = context.attachment(MACHINE_POWER);
        context.post(() => act(power));
        return {};
      },
    });
    const { vm } = await bootedVm(wfi, { vdevs: [{ factory, options: {} }] });
    expect(vm.step(1)).toEqual({ kind: 'ended', exit: { exitCode: 0, reason } });
  });

  it('ends when the guest resets again and again', async () => {
    const { vm } = await bootedVm((vcpu) => void vcpu.services.request({ kind: 'reset' }), {
      onReset: 'restart',
      resetLimit: 3,
    });
    const pauses: number[] = [];
    let result = vm.step(100);
    for (; result.kind === 'reset'; result = vm.step(100)) {
      pauses.push(vm.restartPauseMs);
      await vm.restart();
    }
    const reason = 'The guest reset its machine 4 times in a row, and never ran for ten seconds between.';
    expect([pauses.length, result]).toEqual([3, { kind: 'ended', exit: { exitCode: 4, reason } }]);
    expect([vm.state, vm.stats().resets]).toEqual(['failed', 4]);
  });

  it('leaves the event loop its turns while the guest resets again and again, slows it, and can be ended', async () => {
    const { vm } = await bootedVm((vcpu) => void vcpu.services.request({ kind: 'reset' }), {
      onReset: 'restart',
      resetLimit: 0,
    });
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (vm.exit === undefined) setImmediate(turn);
    };
    const resets: { readonly turns: number; readonly time: number }[] = [];
    vm.hooks.guestReset.tap('test', ({ count }) => {
      resets.push({ turns, time: performance.now() });
      if (count === 7) vm.destroy();
    });
    setImmediate(turn);
    expect(await vm.run()).toMatchObject({ exitCode: 3 });
    expect(resets).toHaveLength(7);
    // However busy the host is, each reset was followed by a turn, and the pauses were kept; timers may be a millisecond early.
    for (const [index, { turns: before }] of resets.slice(0, -1).entries()) {
      expect(resets[index + 1]?.turns).toBeGreaterThan(before);
    }
    const [first, last] = [resets[0]?.time ?? 0, resets.at(-1)?.time ?? 0];
    expect(last - first).toBeGreaterThan(10 + 20 + 40 - 3);
  });

  it('ends without booting again when it is stopped while a reset waits', async () => {
    const { vm, machine } = await bootedVm((vcpu) => void vcpu.services.request({ kind: 'reset' }), {
      onReset: 'restart',
    });
    expect(vm.step(100).kind).toBe('reset');
    vm.stop();
    expect(vm.step(100)).toMatchObject({ kind: 'ended', exit: { exitCode: 0, reason: 'The VM was stopped.' } });
    expect(machine.boots).toHaveLength(1);
  });

  it('boots again after a reset when it should', async () => {
    const factory = fakeVdev('dev');
    const { vm, machine } = await bootedVm(
      (vcpu) => (vcpu.instructions === 10 ? void vcpu.services.request({ kind: 'reset' }) : undefined),
      { onReset: 'restart', vdevs: [{ factory, options: {} }] },
    );
    const resets: number[] = [];
    vm.hooks.guestReset.tap('test', ({ count, restart }) => void resets.push(restart ? count : -1));
    expect(vm.step(100)).toEqual({ kind: 'reset' });
    expect(vm.step(100)).toEqual({ kind: 'reset' });
    await vm.restart();
    expect(vm.step(100)).toEqual({ kind: 'ran' });
    expect([resets, machine.resets, machine.boots.length, factory.events]).toEqual([[1], 1, 2, ['dev-0 reset']]);
    expect(vm.stats().resets).toBe(1);
  });

  it('ends when booting again fails', async () => {
    const { vm, machine } = await bootedVm((vcpu) => void vcpu.services.request({ kind: 'reset' }), {
      onReset: 'restart',
    });
    vm.step(1);
    machine.bootError = new QvmError('image.truncated', 'gone');
    await vm.restart();
    expect(vm.step(1)).toMatchObject({ kind: 'ended', exit: { exitCode: 7, cause: machine.bootError } });
  });

  it('a vdev that throws ends its VM with exit code 6, and is named', async () => {
    const cause = new Error('broken');
    const factory = fakeVdev('uart', {
      resources: { mmio: [{ name: 'registers', size: 0x1000 }] },
      create: () => ({
        mmio: {
          registers: {
            read: () => {
              throw cause;
            },
            write: () => undefined,
          },
        },
      }),
    });
    const { vm } = await bootedVm(
      (vcpu) => {
        const region = vcpu.services.map.find(0x1000);
        if (region?.kind === 'mmio') region.handler.read(0x18, 4);
      },
      { vdevs: [{ factory, options: { base: 0x1000 } }] },
    );
    const failures: string[] = [];
    vm.hooks.vdevFailed.tap('test', ({ vdev }) => void failures.push(vdev));
    const result = vm.step(10);
    expect(result).toMatchObject({
      kind: 'ended',
      exit: { exitCode: VmExitCode.VdevError, reason: 'The vdev uart-0 failed (read of offset 0x18).' },
    });
    expect(vm.exit?.cause).toMatchObject({ code: 'vdev.failed', vdev: 'uart-0', cause });
    expect([vm.state, failures]).toEqual(['failed', ['uart-0']]);
  });

  it('a vdev that throws in an I/O port ends it in the same way', async () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    const factory = fakeVdev('serial', {
      resources: { ports: [{ name: 'registers', size: 8 }] },
      create: () => ({ ports: { registers: { read: broken, write: broken } } }),
    });
    const { vm } = await bootedVm((vcpu) => vcpu.services.ports.find(0x3fd)?.handler.write(5, 1, 0), {
      board: fakeBoard({ ioPorts: true }),
      vdevs: [{ factory, options: { ports: 0x3f8 } }],
    });
    expect(vm.step(10)).toMatchObject({
      kind: 'ended',
      exit: { exitCode: VmExitCode.VdevError, reason: 'The vdev serial-0 failed (write of offset 0x5).' },
    });
  });

  it('a vdev that throws in a timer, a task or the reset ends its VM too', async () => {
    const bad = () => {
      throw new Error('broken');
    };
    const activities = await Promise.all(
      ['timer', 'task', 'reset'].map(async (kind) => {
        const factory = fakeVdev('dev', {
          create: (context) => {
            if (kind === 'timer') context.clock.createTimer('tick', bad).arm(10);
            if (kind === 'task') context.post(bad);
            return kind === 'reset' ? { reset: bad } : {};
          },
        });
        const { vm } = await bootedVm(
          kind === 'reset' ? (vcpu) => void vcpu.services.request({ kind: 'reset' }) : wfi,
          {
            vdevs: [{ factory, options: {} }],
            onReset: 'restart',
          },
        );
        if (vm.step(10).kind === 'reset') await vm.restart();
        return [vm.exit?.exitCode, (vm.exit?.cause as VdevError).activity];
      }),
    );
    expect(activities).toEqual([
      [6, 'timer tick'],
      [6, 'task'],
      [6, 'reset'],
    ]);
  });

  it('an engine or tap that throws ends its VM with exit code 7', async () => {
    const { vm } = await bootedVm(() => {
      throw new Error('bug');
    });
    expect(vm.step(1)).toMatchObject({ exit: { exitCode: 7, reason: 'The engine failed.' } });
    const { vm: other } = await bootedVm((vcpu) =>
      vcpu.hooks.stateChanged.call({ vcpu, from: 'off', to: 'off', timestamp: 0 }),
    );
    other.machine.vcpus[0]?.hooks.stateChanged.tap('bad', () => {
      throw new Error('bug');
    });
    expect(other.step(1)).toMatchObject({
      exit: { exitCode: 7, reason: 'The tap "bad" of the hook Vcpu[0].stateChanged failed.' },
    });
  });

  it('a vdev ends it with a code of its own', async () => {
    const factory = fakeVdev('watchdog', {
      create: (context) => (context.post(() => context.terminate(4, 'bite')), {}),
    });
    const { vm } = await bootedVm(wfi, { vdevs: [{ factory, options: {} }] });
    expect(vm.step(1)).toEqual({ kind: 'ended', exit: { exitCode: 4, reason: 'watchdog-0: bite' } });
    expect(vm.state).toBe('failed');
  });
});

describe('Vm: life cycle', () => {
  it('fires its hooks in the documented order', async () => {
    const events: string[] = [];
    const factory = fakeVdev('dev', { create: () => ({ dispose: () => void events.push('dispose') }) });
    const plugin = {
      name: 'watch',
      apply: ({ hooks }: Parameters<NonNullable<VmOptions['plugins']>[number]['apply']>[0]) => {
        hooks.vcpuCreated.tap(
          'watch',
          ({ vcpu, kinds }) => void events.push(`vcpu ${vcpu.index} ${Object.keys(kinds.trap).join()}`),
        );
        hooks.beforeStart.tapPromise('watch', () => Promise.resolve(void events.push('beforeStart')));
        hooks.kernelCommandLine.tap('watch', (line) => `${line} quiet`);
        hooks.stateChanged.tap(
          { name: 'watch', stage: STAGE_OBSERVE },
          ({ from, to }) => void events.push(`${from}>${to}`),
        );
        hooks.afterStop.tapPromise('watch', ({ exit }) =>
          Promise.resolve(void events.push(`afterStop ${exit.exitCode}`)),
        );
      },
    };
    const architecture = new FakeArchitecture(wfi);
    const vm = new Vm(fakeVmOptions(architecture, { vcpus: 2, plugins: [plugin], vdevs: [{ factory, options: {} }] }));
    await vm.boot({ ...FAKE_FILES, commandLine: 'console=ttyAMA0' });
    expect(architecture.machine?.boots[0]?.commandLine).toBe('console=ttyAMA0 quiet');
    vm.pause();
    vm.resume();
    vm.destroy();
    await Promise.all([vm.close(), vm.close()]);
    expect(events).toEqual([
      'vcpu 0 svc',
      'vcpu 1 svc',
      'created>starting',
      'beforeStart',
      'starting>running',
      'running>paused',
      'paused>running',
      'running>stopped',
      'afterStop 3',
      'dispose',
    ]);
  });

  it('fails with code 64 when the guest cannot be loaded', async () => {
    const architecture = new FakeArchitecture();
    const logger = recordingLogger();
    const vm = new Vm(fakeVmOptions(architecture, { logger }));
    const error = new QvmError('image.truncated', 'too short');
    if (architecture.machine !== undefined) architecture.machine.bootError = error;
    await expect(vm.boot(FAKE_FILES)).rejects.toBe(error);
    expect([vm.state, vm.exit?.exitCode, vm.exit?.cause]).toEqual(['failed', 64, error]);
    expect(logger.lines).toEqual(['error: The VM test-vm could not be started.']);
  });

  it('can be destroyed while it starts', async () => {
    const vm = new Vm(fakeVmOptions(new FakeArchitecture()));
    vm.hooks.beforeStart.tapPromise('test', () => Promise.resolve(vm.destroy()));
    await vm.boot(FAKE_FILES);
    expect([vm.state, vm.exit?.exitCode]).toEqual(['stopped', 3]);
  });

  it('does not step before the start or while paused', async () => {
    expect(codeOf(() => new Vm(fakeVmOptions(new FakeArchitecture())).step(1))).toBe('vm.not-running');
    const { vm } = await bootedVm(() => undefined);
    vm.pause();
    expect(codeOf(() => vm.step(1))).toBe('vm.not-running');
  });

  it('can be paused from inside', async () => {
    const { vm } = await bootedVm((vcpu) => (vcpu.instructions === 5 ? vm.pause() : undefined));
    expect(vm.step(1_000)).toEqual({ kind: 'ran' });
    expect([vm.instructions, vm.state]).toEqual([5, 'paused']);
  });

  it('finds the path of the console and collects the nodes of vdevs', async () => {
    const architecture = new FakeArchitecture(wfi);
    const board = fakeBoard({ defaultConsole: 'uart' });
    const factory = fakeVdev('uart', {
      create: () => ({ deviceTree: ({ reg }) => [{ name: 'uart@10', properties: { reg: { cells: reg(16, 4) } } }] }),
    });
    const vm = new Vm(fakeVmOptions(architecture, { board, vdevs: [{ factory, options: {} }] }));
    await vm.boot(FAKE_FILES);
    const request = architecture.machine?.boots[0];
    expect(request?.stdoutPath).toBe('/uart@10');
    const context = { reg: (...cells: number[]) => cells, interruptCells: () => [], phandle: () => 1 };
    expect(request?.vdevNodes(context)).toEqual([{ name: 'uart@10', properties: { reg: { cells: [16, 4] } } }]);
  });

  it('collects the parts of ACPI tables that vdevs contribute, and names the vdev that cannot', async () => {
    const architecture = new FakeArchitecture(wfi);
    const part = (name: string) => ({ kind: 'device', device: { name } }) as const;
    const factory = fakeVdev('uart', { create: () => ({ acpi: ({ deviceName }) => [part(deviceName('COM'))] }) });
    const broken = fakeVdev('broken', {
      create: () => ({
        acpi: () => {
          throw new Error('no name');
        },
      }),
    });
    const bootWith = async (...factories: readonly VdevFactory[]) => {
      const vdevs = factories.map((type) => ({ factory: type, options: {} }));
      await new Vm(fakeVmOptions(architecture, { vdevs })).boot(FAKE_FILES);
      let count = 0;
      const interrupt = (number: number, trigger: 'level' | 'edge') =>
        ({ kind: 'interrupt', number, trigger }) as const;
      return architecture.machine?.boots[0]?.vdevAcpi?.({
        deviceName: (p) => `${p}${count++}`,
        uid: () => 0,
        interrupt,
      });
    };
    expect(await bootWith(factory, fakeVdev('plain', {}), factory)).toEqual([part('COM0'), part('COM1')]);
    await expect(bootWith(broken)).rejects.toThrow('broken-0');
  });

  it('a reset while it stops ends it, and so does a broken power button', async () => {
    const { vm } = await bootedVm((vcpu) => void vcpu.services.request({ kind: 'reset' }), { onReset: 'restart' });
    vm.hooks.powerButton.tap('test', () => true);
    vm.stop();
    expect(vm.step(10)).toMatchObject({ kind: 'ended', exit: { exitCode: 0 } });
    const { vm: other } = await bootedVm(wfi);
    other.hooks.powerButton.tap('bad', () => {
      throw new Error('broken');
    });
    other.stop();
    expect(other.step(10)).toMatchObject({ kind: 'ended', exit: { exitCode: 7 } });
  });

  it('presses the power button that a vdev offers, after the hook; one that the guest does not notice powers off', async () => {
    for (const noticed of [true, false]) {
      let presses = 0;
      const press = (): boolean => (presses++, noticed);
      const factory = fakeVdev('button', { create: ({ offer }) => (offer(POWER_BUTTON, { press }), {}) });
      const { vm } = await bootedVm(wfi, { vdevs: [{ factory, options: {} }] });
      vm.stop();
      expect([presses, vm.step(10).kind]).toEqual([1, noticed ? 'idle' : 'ended']);
      await vm.close();
    }
  });

  it('keeps its first end when a tap destroys it and throws', async () => {
    const { vm } = await bootedVm(() => {
      vm.destroy();
      throw new Error('broken');
    });
    expect(vm.step(10)).toMatchObject({ kind: 'ended', exit: { exitCode: 3 } });
  });

  it('refuses a step inside a step', async () => {
    const codes: string[] = [];
    const { vm } = await bootedVm(() => void codes.push(codeOf(() => vm.step(1))));
    vm.step(2);
    expect(codes).toEqual(['vm.reentrant', 'vm.reentrant']);
  });

  it('forgets tasks that come after the end', async () => {
    const { vm } = await bootedVm(wfi);
    vm.destroy();
    vm.post(() => {
      throw new Error('not expected');
    });
    expect(vm.step(1)).toMatchObject({ kind: 'ended' });
    expect(codeOf(() => vm.pause())).toBe('vm.illegal-transition');
  });

  it('lets go of all it held: a hundred VMs', async () => {
    let alive = 0;
    const factory = fakeVdev('dev', { create: () => (alive++, { dispose: () => void alive-- }) });
    for (let i = 0; i < 100; i++) {
      const { vm } = await bootedVm(wfi, { vdevs: [{ factory, options: {} }] });
      vm.step(10);
      await vm.close();
    }
    expect(alive).toBe(0);
  });

  it('drops decoded code where the host writes', async () => {
    const { vm, machine } = await bootedVm(wfi);
    vm.guestMemory.writeU32(0x4000_0010, 1);
    expect(machine.invalidated).toEqual([[0x4000_0010, 4]]);
  });
});
