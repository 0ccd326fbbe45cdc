import type { Json } from '@qvm/core';
import { BytePorts, requireObject } from '@qvm/core/vdev';
import type { PortHandler } from '@qvm/core/vdev';
import type { ExternalController } from '../apic-bus.js';
import { Pic8259, SPURIOUS_INPUT } from './pic-8259.js';
import { decodePic, savePic } from './saved-pic.js';

/** Interrupts of the pair: 0 to 7 at the first 8259A, 8 to 15 at the second. */
export const PIC_INTERRUPTS = 16;
/** The input of the first that the second drives; no device can. */
const CASCADE = 2;
/** Inputs that can be level-triggered: not the timer, the keyboard and the cascade, nor the clock and the FPU (PIIX). */
const MASTER_LEVELS = 0xf8;
const SLAVE_LEVELS = 0xde;

/** The two 8259A of a PC. */
export class PicPair implements ExternalController {
  readonly master: Pic8259;
  readonly slave: Pic8259;
  /** The I/O ports, by name of the range: two of each 8259A, and the two edge/level control registers. */
  readonly ports: Readonly<Record<'master' | 'slave' | 'elcr', PortHandler>>;
  /** How often each interrupt was acknowledged. */
  readonly taken = new Uint32Array(PIC_INTERRUPTS);
  readonly #output: (level: boolean) => void;

  /** @param output - called with the level of INTR when it changes. */
  constructor(output: (level: boolean) => void) {
    this.#output = output;
    this.master = new Pic8259(output, CASCADE);
    this.slave = new Pic8259((level) => this.master.setLine(CASCADE, level));
    this.ports = {
      master: portsOf(this.master),
      slave: portsOf(this.slave),
      elcr: new BytePorts({
        readByte: (port) => (port === 0 ? this.master : this.slave).state.level,
        writeByte: (port, value) => {
          if (port === 0) this.master.level = value & MASTER_LEVELS;
          else this.slave.level = value & SLAVE_LEVELS;
        },
      }),
    };
  }

  /** Drives an interrupt, 0 to 15 but for 2. */
  setLine(interrupt: number, level: boolean): void {
    if (interrupt >= 8) this.slave.setLine(interrupt - 8, level);
    else if (interrupt !== CASCADE) this.master.setLine(interrupt, level);
  }

  /** The two acknowledge cycles: returns the vector, that of input 7 when the request was withdrawn. */
  acknowledge(): number {
    const first = this.master.acknowledge();
    if (first !== CASCADE) return this.#take(this.master, first, 0);
    return this.#take(this.slave, this.slave.acknowledge(), 8);
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
    this.taken.fill(0);
  }

  save(): Readonly<Record<'master' | 'slave', Json>> {
    return { master: savePic(this.master.state), slave: savePic(this.slave.state) };
  }

  /**
   * Checks what {@link PicPair.save} gave, and changes nothing.
   *
   * @returns a function that restores it and cannot fail.
   * @throws VdevStateError
   */
  decode(value: unknown): () => void {
    const saved = requireObject(value, ['master', 'slave'], 'The state of the PIC');
    const master = decodePic(saved.master, MASTER_LEVELS, 'master');
    const slave = decodePic(saved.slave, SLAVE_LEVELS, 'slave');
    return () => {
      this.slave.load(slave);
      const cascade = 1 << CASCADE;
      this.master.load({ ...master, lines: this.slave.int ? master.lines | cascade : master.lines & ~cascade });
      this.#output(this.master.int);
    };
  }

  #take(pic: Pic8259, input: number, first: number): number {
    if (input >= 0) this.taken[first + input] = (this.taken[first + input] ?? 0) + 1;
    return pic.vector(input < 0 ? SPURIOUS_INPUT : input);
  }
}

function portsOf(pic: Pic8259): PortHandler {
  return new BytePorts({
    readByte: (port) => pic.read(port),
    writeByte: (port, value) => pic.write(port, value),
  });
}
