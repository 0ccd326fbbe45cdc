import { PicPair } from './pic-pair.js';

/** The pair with accesses by the port numbers of a PC, and its output. */
export class PicBench {
  readonly pair: PicPair;
  intr = false;
  /** Rising edges of INTR. */
  rises = 0;

  constructor() {
    this.pair = new PicPair((level) => {
      if (level && !this.intr) this.rises++;
      this.intr = level;
    });
  }

  /** A pair that firmware has set up: vectors 8 and 0x70, everything unmasked. */
  static initialized(icw4 = 1, slaveIcw4 = icw4): PicBench {
    const made = new PicBench();
    made.initialize(0x20, 0x08, 4, icw4);
    made.initialize(0xa0, 0x70, 2, slaveIcw4);
    made.out(0x21, 0);
    made.out(0xa1, 0);
    return made;
  }

  initialize(port: number, base: number, icw3: number, icw4: number): void {
    this.out(port, 0x11);
    this.out(port + 1, base);
    this.out(port + 1, icw3);
    this.out(port + 1, icw4);
  }

  out(port: number, value: number): void {
    const [handler, offset] = this.#find(port);
    handler.write(offset, 1, value);
  }

  in(port: number): number {
    const [handler, offset] = this.#find(port);
    return handler.read(offset, 1);
  }

  /** IRR, ISR and mask of the 8259A at `port`. */
  registers(port: number): { irr: number; isr: number; mask: number } {
    this.out(port, 0x0a);
    const irr = this.in(port);
    this.out(port, 0x0b);
    return { irr, isr: this.in(port), mask: this.in(port + 1) };
  }

  line(interrupt: number, level: boolean): void {
    this.pair.setLine(interrupt, level);
  }

  pulse(interrupt: number): void {
    this.line(interrupt, true);
    this.line(interrupt, false);
  }

  /** Acknowledges, as a vCPU does while INTR is high; -1 otherwise. */
  take(): number {
    return this.intr ? this.pair.acknowledge() : -1;
  }

  /** A non-specific end of interrupt, at both for the second. */
  end(port = 0x20): void {
    if (port === 0xa0) this.out(0xa0, 0x20);
    this.out(0x20, 0x20);
  }

  #find(port: number): readonly [PicPair['ports']['master'], number] {
    const { master, slave, elcr } = this.pair.ports;
    if (port >= 0x4d0) return [elcr, port - 0x4d0];
    return port >= 0xa0 ? [slave, port - 0xa0] : [master, port - 0x20];
  }
}
