import { ARCHITECTURE, createVcpuHooks, hasTaps, QvmError, VcpuExit } from '@qvm/core';
import type {
  Architecture,
  BootRequest,
  GuestExitEvent,
  Machine,
  MachineServices,
  MmioRegion,
  QvmPlugin,
  Vcpu,
} from '@qvm/core';

/*
 * An architecture whose guests are texts: one command for each line. It stands in for a real one in tests of what is
 * around it. Commands: print TEXT, echo (until a q arrives), spin, sleep, poweroff, reset, exit CODE, break.
 */

const UART = 0x0900_0000;
const DR = 0x00;
const FR = 0x18;
const CR = 0x30;
const FR_RXFE = 0x10;
const CR_ENABLED = 0x301;
const POLL_NS = 1_000_000;

class ScriptVcpu implements Vcpu {
  readonly hooks;
  instructions = 0;
  on: boolean;
  halted = false;
  script: readonly string[] = [];
  line = 0;
  column = 0;
  #kicked = false;
  readonly #services: MachineServices;
  readonly #wake;
  readonly #event;

  constructor(
    readonly index: number,
    services: MachineServices,
  ) {
    this.#services = services;
    this.hooks = createVcpuHooks(index);
    this.on = index === 0;
    this.#wake = services.clock.createTimer(`vcpu ${index}`, () => (this.halted = false));
    this.#event = { vcpu: this as Vcpu, cause: 'mmio', vdev: 'pl011-0', instructions: 0, time: 0 };
  }

  get pc(): bigint {
    return BigInt(this.line * 0x100 + this.column);
  }

  hasWork(): boolean {
    return this.on && !this.halted;
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

  run(budget: number): VcpuExit {
    for (let left = budget; left > 0 && !this.#kicked; left--) {
      this.instructions++;
      this.#execute();
      if (this.halted) return VcpuExit.Halted;
      if (!this.on) return VcpuExit.Off;
    }
    this.#kicked = false;
    return VcpuExit.Stop;
  }

  #execute(): void {
    const [command = '', ...words] = (this.script[this.line] ?? 'sleep').split(' ');
    const argument = words.join(' ');
    if (command === 'print') this.#print(`${argument}\n`);
    else if (command === 'echo') this.#echo();
    else if (command === 'sleep') this.halted = true;
    else if (command === 'poweroff' || command === 'reset') this.#end({ kind: command });
    else if (command === 'exit')
      this.#end({ kind: 'terminate', exitCode: Number(argument), reason: `exit ${argument}` });
    else if (command === 'break') throw new Error('the engine broke');
    else if (command !== 'spin') this.line++;
  }

  #end(request: Parameters<MachineServices['request']>[0]): void {
    this.on = false;
    this.#services.request(request);
  }

  #print(text: string): void {
    const character = text.charCodeAt(this.column++);
    this.#access(() => this.#uart.write(DR, 4, character));
    if (this.column < text.length) return;
    this.column = 0;
    this.line++;
  }

  #echo(): void {
    if ((this.#access(() => this.#uart.read(FR, 4)) & FR_RXFE) !== 0) {
      this.halted = true;
      this.#wake.arm(this.#services.clock.now() + POLL_NS);
      return;
    }
    const character = this.#access(() => this.#uart.read(DR, 4)) & 0xff;
    if (character === 'q'.charCodeAt(0)) this.line++;
    else this.#access(() => this.#uart.write(DR, 4, character));
  }

  #access<T>(access: () => T): T {
    this.#report(this.hooks.guestExit);
    const value = access();
    this.#report(this.hooks.guestEntrance);
    return value;
  }

  #report(hook: ScriptVcpu['hooks']['guestExit']): void {
    if (!hasTaps(hook)) return;
    const event: { -readonly [K in keyof GuestExitEvent]: GuestExitEvent[K] } = this.#event;
    event.instructions = this.instructions;
    event.time = this.#services.clock.now();
    hook.call(event);
  }

  get #uart(): MmioRegion['handler'] {
    const region = this.#services.map.find(UART);
    if (region?.kind !== 'mmio') throw new Error('no uart');
    return region.handler;
  }

  reset(): void {
    this.line = 0;
    this.column = 0;
    this.halted = false;
    this.on = this.index === 0;
    this.#uart.write(CR, 4, CR_ENABLED);
  }
}

class ScriptMachine implements Machine {
  readonly vcpus: readonly ScriptVcpu[];

  constructor(services: MachineServices) {
    this.vcpus = Array.from({ length: services.vcpus }, (_, index) => new ScriptVcpu(index, services));
  }

  boot({ image }: BootRequest): Promise<void> {
    const text = new TextDecoder().decode(image.bytes);
    if (!text.startsWith('script\n')) {
      return Promise.reject(new QvmError('image.format', `"${image.name}" is no image that this machine can boot`));
    }
    for (const vcpu of this.vcpus) {
      vcpu.script = text.split('\n').slice(1);
      vcpu.reset();
    }
    return Promise.resolve();
  }

  reset(): void {}

  invalidateCode(): void {}

  mappingChanged(): void {}

  stats(): Readonly<Record<string, number>> {
    return { lines: this.vcpus[0]?.line ?? 0 };
  }
}

/** Under the name of an architecture that configurations can name. */
export const scriptArchitecture: Architecture = {
  name: 'aarch64',
  defaultRamBase: 0x4000_0000,
  implicitVdevs: ['pl031'],
  defaultConsole: 'pl011',
  engineBytes: () => 0x1000,
  createMachine: (services) => new ScriptMachine(services),
};

/** The architecture as a plugin. */
export const plugin: QvmPlugin = {
  name: 'script-machine',
  apiVersion: 1,
  provides: [{ token: ARCHITECTURE, scope: 'host', multi: true, factory: () => scriptArchitecture }],
};

/** A guest of this architecture. */
export function script(...lines: readonly string[]): { readonly name: string; readonly bytes: Uint8Array } {
  return { name: 'script', bytes: new TextEncoder().encode(`script\n${lines.join('\n')}\n`) };
}
