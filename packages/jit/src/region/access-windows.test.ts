import type { SharedProbe } from '../builder/back-end.js';
import { LocalPool } from '../builder/local-pool.js';
import { AccessWindows } from './access-windows.js';
import type { NearAccess } from './access-windows.js';
import { Facts } from './facts.js';
import { RecordingProbe } from './recording-probe.test.helper.js';

/** Offsets of registers in the state. */
const [X, Y] = [168, 176];
/** An address in VM memory: the value of a local plus a number of bytes. */
type OpenAddress = Pick<SharedProbe, 'local' | 'displacement'>;
/** Largest size of a window. */
const SPAN = 128;

/** Accesses as instructions of a region make them. */
class Program {
  readonly windows = new AccessWindows(new LocalPool(3));
  facts = Facts.none();
  /** The probe of each access that made its own lookup. */
  readonly probes: RecordingProbe[] = [];

  constructor() {
    this.block();
  }

  block(facts = this.facts): this {
    this.facts = Facts.common([facts]);
    this.windows.enterBlock();
    return this;
  }

  /** Adds an instruction with one access; returns its address, by a window or by its own probe. */
  access(near: Partial<NearAccess> = {}): OpenAddress | RecordingProbe {
    this.windows.enterInstruction();
    return this.#open({ register: X, displacement: 0, bytes: 8, write: false, ...near });
  }

  read(displacement: number, register = X): OpenAddress | RecordingProbe {
    return this.access({ displacement, register });
  }

  write(displacement: number, register = X): OpenAddress | RecordingProbe {
    return this.access({ displacement, register, write: true });
  }

  #open(near: NearAccess): OpenAddress | RecordingProbe {
    const shared = this.windows.share(this.facts, near) as SharedProbe;
    const { local, displacement, begin } = shared;
    if (!begin) return { local, displacement };
    const probe = new RecordingProbe();
    this.probes.push(probe);
    begin(probe);
    return probe;
  }

  /** The local of a register's window. */
  local(register = X): number {
    return this.facts.windowAt(register)?.window.local as number;
  }
}

describe('access windows', () => {
  it('grow upwards and downwards in the block where they began', () => {
    const program = new Program();
    program.read(16);
    const local = program.local();
    expect(program.read(24)).toEqual({ local, displacement: 8 });
    expect(program.read(0)).toEqual({ local, displacement: -16 });
    expect(program.access({ displacement: 30, bytes: 4 })).toEqual({ local, displacement: 14 });
    expect(program.probes.map(({ widenings }) => widenings)).toEqual([
      [
        [0, 16, false],
        [-16, 16, false],
        [-16, 18, false],
      ],
    ]);
  });

  it('cover their accesses without growing, inside and after a block', () => {
    const program = new Program();
    program.access({ bytes: 32 });
    const local = program.local();
    expect(program.read(24)).toEqual({ local, displacement: 24 });
    program.block();
    expect(program.access({ displacement: 31, bytes: 1 })).toEqual({ local, displacement: 31 });
    expect(program.probes.map(({ widenings }) => widenings)).toEqual([[]]);
  });

  it.each([
    ['upwards', 8],
    ['downwards', -8],
    ['by a part', 1],
  ])('do not grow in later blocks: %s', (_, displacement) => {
    const program = new Program();
    const first = program.read(0);
    const second = program.block().read(displacement);
    expect(program.probes).toEqual([first, second]);
    expect(program.probes.map(({ widenings }) => widenings)).toEqual([[], []]);
    expect(program.facts.windowAt(X)).toMatchObject({ position: -displacement, window: { low: 0, high: 8 } });
  });

  it('for reads become for writes in the block where they began only', () => {
    const program = new Program();
    program.read(0);
    const local = program.local();
    expect(program.write(8)).toEqual({ local, displacement: 8 });
    expect(program.probes[0]?.widenings).toEqual([[0, 16, true]]);
    expect(program.block().write(0)).toEqual({ local, displacement: 0 });

    const later = new Program();
    const first = later.read(0);
    const second = later.block().write(0);
    expect(later.probes).toEqual([first, second]);
    expect(later.facts.windowAt(X)?.window.write).toBe(true);
    expect(later.block().read(0)).toEqual({ local: later.local(), displacement: 0 });
  });

  it('for writes hold reads', () => {
    const program = new Program();
    program.write(0);
    expect(program.read(0)).toEqual({ local: program.local(), displacement: 0 });
    expect(program.read(8)).toEqual({ local: program.local(), displacement: 8 });
    expect(program.probes.map(({ widenings }) => widenings)).toEqual([[[0, 16, true]]]);
  });

  it.each([
    ['upwards', [0], SPAN - 8, SPAN - 7],
    ['downwards', [0], 8 - SPAN, 7 - SPAN],
    ['in both directions', [0, 64], -(SPAN - 72), -(SPAN - 71)],
  ])('reach so far and no further: %s', (_, before, last, beyond) => {
    const [inside, outside] = [last, beyond].map((displacement) => {
      const program = new Program();
      for (const at of before) program.read(at);
      program.read(displacement);
      return program.probes.length;
    });
    expect([inside, outside]).toEqual([1, 2]);
  });

  it('begin again at the same register in its local, and nothing counts on the old one', () => {
    const program = new Program();
    program.read(0);
    const local = program.local();
    program.facts.noteWrite(Y, { register: X, displacement: 8 });
    program.read(1000);
    expect(program.local()).toBe(local);
    expect(program.facts.windowAt(X)?.position).toBe(-1000);
    expect(program.facts.windowAt(Y)).toBeUndefined();
  });

  it('of other registers have other locals', () => {
    const program = new Program();
    program.read(0);
    program.read(0, Y);
    expect(program.local(X)).not.toBe(program.local(Y));
    expect(program.read(8, X)).toEqual({ local: program.local(X), displacement: 8 });
  });

  it('follow a register that moves, and its copies', () => {
    const program = new Program();
    program.read(0);
    const local = program.local();
    program.facts.noteWrite(X, { register: X, displacement: 16 });
    expect(program.read(0)).toEqual({ local, displacement: 16 });
    program.facts.noteWrite(Y, { register: X, displacement: -24 });
    expect(program.read(4, Y)).toEqual({ local, displacement: -4 });
    expect(program.probes[0]?.widenings.at(-1)).toEqual([-4, 24, false]);
    program.facts.noteWrite(X, undefined);
    expect(program.read(0, Y)).toEqual({ local, displacement: -8 });
    // X now holds another address, in the local of its windows.
    expect(program.read(0, X)).toBe(program.probes[1]);
    expect(program.local(X)).toBe(local);
    expect(program.read(0, Y)).toBe(program.probes[2]);
  });

  it('do not begin in a local that the instruction counts on', () => {
    const program = new Program();
    const { windows, facts } = program;
    /** The result for an access far from every window. */
    const far = (register: number): number | undefined =>
      windows.share(facts, { register, displacement: 0x1000, bytes: 8, write: false })?.local;
    program.read(0);
    expect(far(X)).toBeUndefined();
    windows.enterInstruction();
    expect(far(X)).toBe(program.local());
    program.read(8);
    expect(far(X)).toBeUndefined();
    expect(far(Y)).toBeDefined();
    // The window of a copy is in the local of the original register.
    facts.noteWrite(Y, { register: X, displacement: 0 });
    program.read(0, Y);
    expect(far(X)).toBeUndefined();
  });
});
