import { hexadecimal, QvmError } from '@qvm/core';
import { createVcpuHooks, GuestExits, VcpuExit, type Vcpu } from '@qvm/core/architecture';
import type { MachineServices, VmRequest } from '@qvm/core/architecture';
import type { VcpuHooks } from '@qvm/core/hooks';
import type { ClockTimer } from '@qvm/core/vdev';
import { ScriptBus } from './script-bus.js';
import { scriptError } from './script-instruction.js';
import type { ScriptInstruction, ScriptPlace } from './script-instruction.js';

/** The console: a PL011 at its address on QEMU's `virt` board (Arm DDI 0183, section 3.2). */
const UART = 0x0900_0000;
const UARTDR: ScriptPlace = { space: 'memory', address: UART + 0x00, width: 4 };
const UARTFR: ScriptPlace = { space: 'memory', address: UART + 0x18, width: 4 };
const UARTCR = UART + 0x30;
const FR_RXFE = 0x10;
/** Transmitter, receiver and UART enabled. */
const CR_ENABLED = 0x301;
const POLL_NS = 1_000_000;
const QUIT = 'q'.charCodeAt(0);
/** Exit code of a VM whose script has failed: the last of the codes that are free for vdevs. */
const SCRIPT_FAILED = 63;
/** Distance of two lines in the program counter; the characters of a line are in between. */
const LINE_STRIDE = 0x100;

/** The kinds and causes of a scripted vCPU's hooks. */
export const SCRIPT_HOOK_KINDS = {
  trap: {},
  guestExit: { mmio: 'An access to a register of a vdev.', io: 'An access to an I/O port of a vdev.' },
  interruptTaken: {},
} as const;
/** The error for saving: the position of a guest in its script is not part of a guest's state. */
export const notSaved = (): QvmError => new QvmError('machine.state', 'A scripted guest cannot be saved or restored.');

/** A vCPU whose program is a script: see {@link scriptedGuest}. */
export class ScriptVcpu implements Vcpu {
  readonly hooks: VcpuHooks;
  readonly exits: GuestExits;
  readonly index: number;
  instructions = 0;
  on: boolean;
  /** Levels of the interrupt inputs. */
  readonly inputs: ReadonlySet<number>;
  readonly #services: MachineServices;
  readonly #bus: ScriptBus;
  readonly #wake: ClockTimer;
  #script: readonly ScriptInstruction[] = [];
  #line = 0;
  #column = 0;
  /** Output of the current line, once it is known. */
  #text: string | undefined;
  #halted = false;
  /** The input that ends the current wait. */
  #awaited: number | undefined;
  #kicked = false;

  constructor(index: number, services: MachineServices, inputs: ReadonlySet<number>) {
    this.index = index;
    this.inputs = inputs;
    this.#services = services;
    this.hooks = createVcpuHooks(index, SCRIPT_HOOK_KINDS);
    this.exits = new GuestExits(this, services.clock, SCRIPT_HOOK_KINDS.guestExit);
    this.#bus = new ScriptBus(services, this.exits);
    this.on = index === 0;
    this.#wake = services.clock.createTimer(`vcpu ${index}`, () => (this.#halted = false));
  }

  /** Number of completed lines. */
  get line(): number {
    return this.#line;
  }

  get pc(): bigint {
    return BigInt(this.#line * LINE_STRIDE + this.#column);
  }

  hasWork(): boolean {
    return this.on && (!this.#halted || (this.#awaited !== undefined && this.inputs.has(this.#awaited)));
  }

  kick(): void {
    this.#kicked = true;
  }

  setRegister(name: string): void {
    throw scriptError(`a scripted vCPU has no register ${name}`);
  }

  registers(): Readonly<Record<string, bigint>> {
    return { pc: this.pc };
  }

  save(): never {
    throw notSaved();
  }

  prepareRestore(): never {
    throw notSaved();
  }

  /** Starts a script from its beginning, on vCPU 0 only. */
  start(script: readonly ScriptInstruction[]): void {
    this.#script = script;
    this.#line = 0;
    this.#column = 0;
    this.#text = undefined;
    this.#resume();
    this.#wake.cancel();
    this.on = this.index === 0;
    this.#bus.preset(UARTCR, CR_ENABLED);
  }

  run(budget: number): VcpuExit {
    if (this.#awaited !== undefined) this.#resume();
    for (let left = budget; left > 0 && !this.#kicked; left--) {
      this.instructions++;
      this.#execute(this.#script[this.#line] ?? { kind: 'sleep' });
      if (this.#halted) return VcpuExit.Halted;
      if (!this.on) return VcpuExit.Off;
    }
    this.#kicked = false;
    return VcpuExit.Stop;
  }

  #resume(): void {
    this.#halted = false;
    this.#awaited = undefined;
  }

  #execute(instruction: ScriptInstruction): void {
    switch (instruction.kind) {
      case 'nothing':
        return this.#next();
      case 'print':
        return this.#print(instruction.text);
      case 'show':
        return this.#print((this.#text ??= this.#show(instruction.place)));
      case 'echo':
        return this.#echo();
      case 'write':
        return this.#write(instruction.place, instruction.value);
      case 'expect':
        return this.#expect(instruction.place, instruction.value);
      case 'wait':
        this.#next();
        return this.#waitUntil(this.#services.clock.now() + instruction.nanoseconds);
      case 'interrupt':
        return this.#awaitInterrupt(instruction.number);
      case 'spin':
        return;
      case 'sleep':
        this.#halted = true;
        return;
      case 'poweroff':
      case 'reset':
        return this.#end({ kind: instruction.kind });
      case 'exit': {
        const { exitCode } = instruction;
        return this.#end({ kind: 'terminate', exitCode, reason: `exit ${exitCode}` });
      }
      case 'break':
        throw new Error('the engine broke');
    }
  }

  #next(): void {
    this.#line++;
    this.#column = 0;
    this.#text = undefined;
  }

  #end(request: VmRequest): void {
    this.on = false;
    this.#services.request(request);
  }

  #fail(problem: string): void {
    this.#end({
      kind: 'terminate',
      exitCode: SCRIPT_FAILED,
      reason: `Line ${this.#line + 1} of the script: ${problem}.`,
    });
  }

  /** Ends the VM if nothing is mapped at the place; returns whether something is. */
  #require(place: ScriptPlace, answer: number | undefined): answer is number {
    if (answer === undefined) this.#fail(`there is nothing at ${placeText(place)}`);
    return answer !== undefined;
  }

  #show(place: ScriptPlace): string {
    const value = this.#bus.read(place);
    return this.#require(place, value) ? hexadecimal(value) : '';
  }

  #write(place: ScriptPlace, value: number): void {
    if (this.#require(place, this.#bus.write(place, value))) this.#next();
  }

  #expect(place: ScriptPlace, expected: number): void {
    const value = this.#bus.read(place);
    if (!this.#require(place, value)) return;
    if (value === expected) this.#next();
    else this.#fail(`${placeText(place)} holds ${hexadecimal(value)} and not ${hexadecimal(expected)}`);
  }

  #waitUntil(deadline: number): void {
    this.#halted = true;
    this.#wake.arm(deadline);
  }

  #awaitInterrupt(number: number): void {
    if (this.inputs.has(number)) return this.#next();
    this.#awaited = number;
    this.#halted = true;
  }

  /** Prints a text, one character per instruction. */
  #print(text: string): void {
    if (!this.on) return;
    const line = `${text}\n`;
    if (!this.#require(UARTDR, this.#bus.write(UARTDR, line.charCodeAt(this.#column++) & 0xff))) return;
    if (this.#column >= line.length) this.#next();
  }

  #echo(): void {
    const flags = this.#bus.read(UARTFR);
    if (!this.#require(UARTFR, flags)) return;
    if ((flags & FR_RXFE) !== 0) return this.#waitUntil(this.#services.clock.now() + POLL_NS);
    const character = (this.#bus.read(UARTDR) ?? 0) & 0xff;
    if (character === QUIT) this.#next();
    else this.#bus.write(UARTDR, character);
  }
}

function placeText({ space, address }: ScriptPlace): string {
  return space === 'io' ? `io:${hexadecimal(address)}` : hexadecimal(address);
}
