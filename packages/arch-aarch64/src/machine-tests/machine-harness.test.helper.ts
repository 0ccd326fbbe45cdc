import { virt } from '@qvm/boards';
import { Vm } from '@qvm/core/host';
import type { Logger, VmExit } from '@qvm/core';
import type { Architecture, Engine, UnsupportedPolicies } from '@qvm/core/architecture';
import type { StepResult, VdevSpec, VmOptions } from '@qvm/core/host';
import { aarch64 } from '../architecture.js';
import { assemble } from '@qvm/asm-aarch64';
import { elfProgram } from '../boot/image-file.test.helper.js';
import { gic } from '../gic/index.js';
import { Aarch64Machine } from '../machine.js';
import { registerNamed } from '@qvm/isa-aarch64';
import { CodeCache } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { timer } from '../timer/index.js';
import type { Aarch64Vcpu } from '../vcpu/aarch64-vcpu.js';
import { genericModel } from '../vcpu/cpu-model.js';
import { debugPlace, debugPort } from './debug-port.test.helper.js';

/** Address of RAM and of the program. */
export const CODE = 0x4000_0000;
/** RAM that the programs use as data; code, vectors and the device tree lie below it. */
export const DATA = 0x4060_0000;
/** Where {@link PageTables} allocates its tables. */
export const TABLES = 0x4100_0000;
export const RAM_BYTES = 32 << 20;

/** Immediates of HVC from here on log a register: 0x100 is X0. */
const LOG = 0x100;
/** Immediates of HVC from here on report an exception: 0x200 is vector 0, 0x201 vector 0x80 … */
const EXCEPTION = 0x200;
/** Immediate of the SVC that the harness answers with a return to the next instruction at EL1. */
const TO_EL1 = 0xee;
/** EL1h with interrupts masked. */
const EL1H = 0x3c5n;
const IL = 1n << 20n;

/** An exception that the guest's vectors reported. */
export interface Taken {
  readonly vcpu: number;
  /** Offset of the vector. */
  readonly vector: number;
  readonly esr: number;
  readonly far: bigint;
  readonly elr: bigint;
  readonly spsr: number;
}

/** Differences of a test's machine from the usual one. */
export interface MachineSetup {
  readonly vcpus?: number;
  /** Capacity of the code cache in pages. */
  readonly codePages?: number;
  readonly onReset?: 'exit' | 'restart';
  /** The default translates everything; a test may ask for the interpreter alone. */
  readonly engine?: Engine;
  readonly unsupported?: Partial<UnsupportedPolicies>;
  /** When the second tier translates; by default any code that runs twice. */
  readonly tuning?: RegionTuning;
  /** Code of vectors, by offset; the default code reports the exception and returns. */
  readonly vectors?: Readonly<Record<number, string>>;
  readonly symbols?: Readonly<Record<string, bigint>>;
  /** RAM and ROM beside the usual RAM. */
  readonly memory?: VmOptions['ram'];
  readonly log?: Logger['log'];
  readonly plugins?: VmOptions['plugins'];
  /** Called when the VM has been built, to tap hooks. */
  readonly prepare?: (machine: MachineHarness) => void;
}

/** Ends the VM (PSCI SYSTEM_OFF). */
export const POWER_OFF = 'movz x0, #0x8400, lsl #16\n movk x0, #8\n hvc #0\n b .\n';
/** Goes on at EL0, with the FP registers' and the debug state's bits as given. Uses X29. */
export const goToEl0 = (spsr = 0): string =>
  `adr x29, 97f\n msr elr_el1, x29\n ldr x29, =${spsr}\n msr spsr_el1, x29\n eret\n97:\n`;
/** Goes on at EL1. */
export const BACK_TO_EL1 = `svc #${TO_EL1}\n`;
/** Logs a register. */
export const log = (register: number): string => `hvc #${LOG + register}\n`;

/** A machine with GIC, timer and a debug port, that runs one program. */
export class MachineHarness {
  readonly vm: Vm;
  /** Registers that the program logged. */
  readonly log: bigint[] = [];
  /** Values that were written to the debug port. */
  readonly port: number[] = [];
  readonly exceptions: Taken[] = [];
  /** Addresses of the program's labels. */
  labels: ReadonlyMap<string, bigint> = new Map();
  /** Called after {@link MachineHarness.resume} has set the usual return address, to change it. */
  onException: ((taken: Taken, vcpu: Aarch64Vcpu) => void) | undefined;
  /** The VM's exit, once it has ended. */
  exit: VmExit | undefined;
  lastStep: StepResult | undefined;

  private constructor(setup: MachineSetup) {
    const { vcpus = 1, codePages = 64, onReset, tuning = EAGER } = setup;
    const codeBytes = CodeCache.bytesFor(codePages);
    const architecture: Architecture = {
      name: aarch64.name,
      defaultBoard: virt.name,
      hookKinds: aarch64.hookKinds,
      engineBytes: (count, ramBytes) => Aarch64Machine.engineBytes(count, ramBytes, codeBytes),
      createMachine: (services) => new Aarch64Machine(services, genericModel, codeBytes, tuning),
    };
    const vdevs: VdevSpec[] = [gic, timer, debugPort(this.port)].map((factory) => ({ factory, options: {} }));
    const options: VmOptions = {
      name: 'test',
      architecture,
      board: { ...virt, implicitVdevs: ['gic', 'timer'], places: { ...virt.places, ...debugPlace } },
      vcpus,
      ram: [{ size: RAM_BYTES }, ...(setup.memory ?? [])],
      vdevs,
      clock: { kind: 'icount' },
      engine: setup.engine ?? 'wasm',
      ...(setup.plugins && { plugins: setup.plugins }),
      ...(setup.log && { logger: { log: setup.log } }),
      ...(setup.unsupported && { unsupported: setup.unsupported }),
    };
    this.vm = new Vm(onReset ? { ...options, onReset } : options);
    for (const vcpu of this.vcpus) {
      vcpu.hooks.hypercall.tap({ name: 'harness', stage: -1000 }, ({ immediate }) =>
        this.#call(vcpu, immediate) ? [] : undefined,
      );
    }
  }

  /** Builds a machine with a program at {@link CODE}: VBAR_EL1 is set, then `source` runs, then the power goes off. */
  static async boot(source: string, setup: MachineSetup = {}): Promise<MachineHarness> {
    const machine = new MachineHarness(setup);
    setup.prepare?.(machine);
    const text = `adr x0, vectors\n msr vbar_el1, x0\n msr nzcv, xzr\n b main\n.balign 2048\nvectors:\n${vectors(setup.vectors ?? {})}\nmain:\n${source}\n${POWER_OFF}\n.ltorg\n`;
    const { bytes, labels } = assemble(text, { origin: CODE, ...(setup.symbols && { symbols: setup.symbols }) });
    machine.labels = labels;
    await machine.vm.boot({ image: { name: 'test', bytes: elfProgram(CODE, bytes) } });
    return machine;
  }

  /** Does {@link boot}, and runs the program to its end. */
  static async run(source: string, setup: MachineSetup = {}): Promise<MachineHarness> {
    // A test that taps hooks counts the events of a single run.
    if (setup.prepare) return (await MachineHarness.boot(source, setup)).run();
    const interpreted = (await MachineHarness.boot(source, { ...setup, engine: 'interp' })).run();
    const translated = (await MachineHarness.boot(source, setup)).run();
    expect(translated.#outcome()).toEqual(interpreted.#outcome());
    return translated;
  }

  /** The part of the result that must not depend on the engine. */
  #outcome(): unknown {
    const { log, port, exceptions, exit } = this;
    return {
      log,
      port,
      exceptions,
      exit,
      instructions: this.vm.instructions,
      registers: this.vcpus.map((vcpu) => vcpu.registers()),
    };
  }

  get vcpus(): readonly Aarch64Vcpu[] {
    return (this.vm.machine as Aarch64Machine).vcpus;
  }

  /** Runs to the end, or for `limit` instructions or steps that wait. */
  run(limit = 1_000_000): this {
    for (let steps = 0; this.exit === undefined && this.vm.instructions < limit && steps < STEPS; steps++) {
      this.lastStep = this.vm.step(Math.min(STEP, limit));
      if (this.lastStep.kind === 'ended') this.exit = this.lastStep.exit;
      else if (this.lastStep.kind !== 'ran') break;
    }
    return this;
  }

  /** Fails unless the program has powered the VM off. */
  expectEnd(): this {
    expect(this.exit).toEqual(expect.objectContaining({ exitCode: 0 }));
    return this;
  }

  x(n: number, vcpu = 0): bigint {
    return (this.vcpus[vcpu] as Aarch64Vcpu).state.x(n);
  }

  system(name: string, vcpu = 0): bigint {
    return (this.vcpus[vcpu] as Aarch64Vcpu).state.u64(registerNamed(name).offset);
  }

  /** Offset of a system register in a vCPU's state. */
  offset(name: string): number {
    return registerNamed(name).offset;
  }

  label(name: string): bigint {
    const found = this.labels.get(name);
    if (found === undefined) throw new Error(`no label ${name}`);
    return found;
  }

  read64(address: number): bigint {
    const view = this.vm.guestMemory.view(address, 8);
    return new DataView(view.buffer, view.byteOffset, 8).getBigUint64(0, true);
  }

  write64(address: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.vm.guestMemory.write(address, bytes);
  }

  /** Assembles code to an address. */
  place(address: number, source: string): void {
    this.vm.guestMemory.write(address, assemble(source, { origin: address }).bytes);
  }

  #call(vcpu: Aarch64Vcpu, immediate: number): boolean {
    if (immediate >= LOG && immediate < LOG + 32) this.log.push(vcpu.state.x(immediate - LOG));
    else if (immediate >= EXCEPTION && immediate < EXCEPTION + 16)
      this.#exception(vcpu, (immediate - EXCEPTION) * 0x80);
    else return false;
    return true;
  }

  #exception(vcpu: Aarch64Vcpu, vector: number): void {
    const read = (name: string): bigint => vcpu.state.u64(registerNamed(name).offset);
    const taken: Taken = {
      vcpu: vcpu.index,
      vector,
      esr: Number(read('ESR_EL1')),
      far: read('FAR_EL1'),
      elr: read('ELR_EL1'),
      spsr: Number(read('SPSR_EL1')),
    };
    if ((vector & 0x180) === 0 && taken.esr === svcSyndrome(TO_EL1)) {
      this.#set(vcpu, 'SPSR_EL1', EL1H);
      return;
    }
    this.exceptions.push(taken);
    if ((vector & 0x180) === 0) this.#resume(vcpu, taken);
    this.onException?.(taken, vcpu);
  }

  /**
   * Sets the return address: the next instruction; X30 if the fetch itself failed; for illegal states the same
   * instruction, with PSTATE.IL clear.
   */
  #resume(vcpu: Aarch64Vcpu, { esr, elr, spsr }: Taken): void {
    const ec = esr >>> 26;
    if (ec === 0x20 || ec === 0x21 || ec === 0x22) this.#set(vcpu, 'ELR_EL1', vcpu.state.x(30));
    else if (ec === 0x0e) this.#set(vcpu, 'SPSR_EL1', BigInt(spsr) & ~IL);
    else if (ec !== 0x15 && ec !== 0x32 && ec !== 0x33) this.#set(vcpu, 'ELR_EL1', elr + 4n);
  }

  #set(vcpu: Aarch64Vcpu, name: string, value: bigint): void {
    vcpu.state.setU64(registerNamed(name).offset, value);
  }
}

/** Translates any code that runs twice. */
export const EAGER: RegionTuning = {
  hot: 1,
  hotter: 2,
  batch: 1,
  patience: 1,
  interval: 1500,
  rest: 1,
  modules: 8192,
  background: false,
};
const STEP = 100_000;
const STEPS = 10_000;

function vectors(own: Readonly<Record<number, string>>): string {
  return Array.from({ length: 16 }, (_, n) => `.balign 128\n${own[n * 0x80] ?? `hvc #${EXCEPTION + n}\n eret`}\n`).join(
    '',
  );
}

/** ESR of SVC from AArch64. */
export const svcSyndrome = (immediate: number): number => ((0x15 << 26) | (1 << 25) | immediate) >>> 0;

/** ESR of a class with its ISS and IL set. */
export const esr = (ec: number, iss: number): number => ((ec << 26) | (1 << 25) | iss) >>> 0;
