import type { Architecture, BootRequest, Machine, MachineServices } from '../architecture/architecture.js';
import type { MachineSnapshot, VcpuSnapshot } from '../architecture/machine-snapshot.js';
import type { Board } from '../board/board.js';
import { createVcpuHooks } from '../hooks/vcpu-hooks.js';
import type { Logger } from '../log/logger.js';
import type { MmioHandler } from '../memory/memory-region.js';
import { createToken } from '../plugin/token.js';
import { VcpuExit, type Vcpu } from '../vcpu/vcpu.js';
import type { VdevOptions } from '../vdev/common-options.js';
import type { Vdev, VdevContext, VdevFactory, VdevResources } from '../vdev/vdev.js';
import type { VmOptions } from './vm-options.js';

/** Effect of one instruction of a fake vCPU; a returned exit ends its turn. */
export type Instruction = (vcpu: FakeVcpu) => VcpuExit | undefined | void;

/** The words of a fake's hooks. */
export const FAKE_HOOK_KINDS = {
  trap: { svc: 'A call.' },
  guestExit: { mmio: 'A device.', sysreg: 'A register.', wfi: 'A wait.' },
  interruptTaken: {},
} as const;

/** A vCPU whose program is a function. */
export class FakeVcpu implements Vcpu {
  readonly hooks;
  instructions = 0;
  /** Turns that were given to it. */
  readonly budgets: number[] = [];
  on: boolean;
  halted = false;
  interrupt = false;
  #kicked = false;

  constructor(
    readonly index: number,
    readonly services: MachineServices,
    public program: Instruction,
  ) {
    this.hooks = createVcpuHooks(index, FAKE_HOOK_KINDS);
    this.on = index === 0;
  }

  get pc(): bigint {
    return BigInt(this.instructions * 4);
  }

  hasWork(): boolean {
    return this.on && (!this.halted || this.interrupt);
  }

  kick(): void {
    this.#kicked = true;
  }

  setRegister(): void {
    throw new Error('a fake has no registers');
  }

  registers(): Readonly<Record<string, bigint>> {
    return { pc: this.pc };
  }

  save(): VcpuSnapshot {
    return { version: 1, state: this.instructions };
  }

  prepareRestore({ state }: VcpuSnapshot): () => void {
    return () => void (this.instructions = state as number);
  }

  run(budget: number): VcpuExit {
    this.budgets.push(budget);
    this.halted = false;
    for (let left = budget; left > 0; left--) {
      if (this.#kicked) break;
      this.instructions++;
      const exit = this.program(this);
      if (exit === VcpuExit.Halted) this.halted = true;
      if (exit !== undefined) return exit;
    }
    const kicked = this.#kicked;
    this.#kicked = false;
    return kicked ? VcpuExit.Stop : VcpuExit.Budget;
  }
}

/** Services of the fake machine for vdevs. */
export const FAKE_MACHINE = createToken<FakeMachine>('@qvm/core/test/FakeMachine');

/** Processors whose interrupt inputs all lead to vCPU 0, or to the vCPU of a private input. */
export class FakeMachine implements Machine {
  readonly vcpus: readonly FakeVcpu[];
  readonly boots: BootRequest[] = [];
  readonly invalidated: (readonly [number, number])[] = [];
  readonly remapped: (readonly [number, number])[] = [];
  resets = 0;
  bootError: unknown;

  constructor(
    readonly services: MachineServices,
    program: Instruction,
  ) {
    this.vcpus = Array.from({ length: services.vcpus }, (_, index) => new FakeVcpu(index, services, program));
    services.provide(FAKE_MACHINE, this);
    services.wiring.attach({
      inputChanged: (_number, vcpu, level) => {
        const target = this.vcpus[vcpu ?? 0];
        if (target !== undefined) target.interrupt = level;
      },
    });
  }

  boot(request: BootRequest): Promise<void> {
    this.boots.push(request);
    return this.bootError === undefined ? Promise.resolve() : Promise.reject(this.bootError as Error);
  }

  reset(): void {
    this.resets++;
  }

  invalidateCode(base: number, size: number): void {
    this.invalidated.push([base, size]);
  }

  mappingChanged(base: number, size: number): void {
    this.remapped.push([base, size]);
  }

  save(): MachineSnapshot {
    return { architecture: 'fake', vcpus: this.vcpus.map((vcpu) => vcpu.save()) };
  }

  restore({ vcpus }: MachineSnapshot): void {
    vcpus.forEach((saved, index) => this.vcpus[index]?.prepareRestore(saved)());
  }

  stats(): Readonly<Record<string, number>> {
    return { boots: this.boots.length };
  }
}

/** An architecture of fake machines. */
export class FakeArchitecture implements Architecture {
  readonly name = 'fake';
  readonly defaultBoard = 'fake';
  readonly hookKinds = FAKE_HOOK_KINDS;
  machine: FakeMachine | undefined;

  constructor(private readonly program: Instruction = () => undefined) {}

  engineBytes(): number {
    return 0x1000;
  }

  createMachine(services: MachineServices): FakeMachine {
    this.machine = new FakeMachine(services, this.program);
    return this.machine;
  }
}

/** A board of fake machines, with no places. */
export function fakeBoard(changes: Partial<Board> = {}): Board {
  return {
    name: 'fake',
    description: 'A board for tests',
    architecture: 'fake',
    ram: { base: 0x4000_0000 },
    places: {},
    implicitVdevs: [],
    interrupts: { first: 0, last: 0xffff },
    deviceTree: { compatible: 'qvm,fake', model: 'qvm,fake' },
    ...changes,
  };
}

/** How a test shapes a vdev type. */
export interface FakeVdevShape {
  readonly resources?: VdevResources;
  readonly create?: (context: VdevContext, options: VdevOptions) => Partial<Vdev>;
}

/** A vdev type, with a record of what happened to its instances. */
export function fakeVdev(type: string, shape: FakeVdevShape = {}): VdevFactory & { readonly events: string[] } {
  const events: string[] = [];
  return {
    type,
    events,
    description: `fake ${type}`,
    console: type === 'uart',
    options: {},
    resources: () => shape.resources ?? {},
    create: (context, options) => ({
      reset: () => void events.push(`${context.name} reset`),
      save: () => ({ version: 1, state: {} }),
      restore: () => undefined,
      status: () => ({}),
      dispose: () => void events.push(`${context.name} dispose`),
      ...shape.create?.(context, options),
    }),
  };
}

/** Registers that hold what was written. */
export function fakeRegisters(): MmioHandler & { readonly values: Map<number, number> } {
  const values = new Map<number, number>();
  return {
    values,
    read: (offset) => values.get(offset) ?? 0,
    write: (offset, _width, value) => void values.set(offset, value),
  };
}

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: (level, message) => void lines.push(`${level}: ${message}`) };
}

/** Options of a small VM under `icount`; a test changes what it is about. */
export function fakeVmOptions(architecture: Architecture, changes: Partial<VmOptions> = {}): VmOptions {
  return {
    name: 'test-vm',
    architecture,
    board: fakeBoard(),
    vcpus: 1,
    ram: [{ size: 0x10_0000 }],
    vdevs: [],
    clock: { kind: 'icount' },
    ...changes,
  };
}

/** Something to boot. */
export const FAKE_FILES = { image: { name: 'fake.img', bytes: new Uint8Array(4) } };
