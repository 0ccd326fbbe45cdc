import type { Engine } from '@qvm/core/architecture';
import { randomToyCode, TOY_CODE, TOY_CODE_BYTES, TOY_DATA } from '@qvm/jit/toy';
import type { RandomSource } from '@qvm/jit/toy';
import { FLIP, Page } from './toy-vcpu.test.helper.js';
import { ToyPair } from './toy-pair.test.helper.js';
import { PAGE, RAM_PAGES } from './toy-vm.test.helper.js';

const ALL = Page.read | Page.write | Page.execute;
const PAGES = TOY_CODE_BYTES / PAGE;

/** Reproducible random numbers. */
function randomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One program with all that may happen to it. */
class Scenario {
  readonly pair: ToyPair;
  /** The pages of RAM that hold the code. */
  readonly #pages: number[];
  #mode = 0;

  constructor(
    engine: Engine,
    private readonly random: RandomSource,
  ) {
    this.pair = new ToyPair(engine, { codePages: 6 });
    this.#pages = Array.from({ length: PAGES }, (_, n) => 3 + 2 * n);
    this.pair.map(TOY_DATA / PAGE, 1, Page.read | Page.write);
    this.#pages.forEach((to, n) => this.pair.map(TOY_CODE / PAGE + n, to));
    this.#writeCode();
  }

  step(): void {
    const { random, pair } = this;
    switch (random(12)) {
      case 0:
        this.#writeCode();
        break;
      case 1:
      case 2:
        pair.write(
          random(RAM_PAGES * PAGE - 3),
          Array.from({ length: 1 + random(3) }, () => random(256)),
        );
        break;
      case 3:
        this.#remap();
        break;
      case 4:
        this.#mode = random(2);
        pair.enter(this.#mode);
        break;
      case 5:
        pair.vm.vcpu.tlb.flushAll();
        break;
      default:
    }
    pair.setRegisters(
      Array.from(
        { length: 8 },
        () =>
          [random(40), TOY_CODE + random(TOY_CODE_BYTES), TOY_DATA + random(PAGE), random(2 ** 32)][
            random(4)
          ] as number,
      ),
    );
    const goOn = pair.vm.vcpu.end === 'budget' && random(4) > 0;
    const budget = random(3) === 0 ? random(40) : 600 + random(3000);
    pair.vm.vcpu.single = random(20) === 0;
    pair.run(budget, goOn ? undefined : TOY_CODE + random(TOY_CODE_BYTES));
  }

  /** New code, of the present mode. Most of its stores go to data. */
  #writeCode(): void {
    const { random } = this;
    const code = new Uint8Array(TOY_CODE_BYTES);
    randomToyCode(random, code, () =>
      random(4) === 0 ? TOY_CODE + random(TOY_CODE_BYTES) : TOY_DATA + 0x800 + random(PAGE / 4),
    );
    if (this.#mode === 1) code.forEach((byte, i) => (code[i] = byte ^ FLIP));
    this.#pages.forEach((to, n) => this.pair.write(to * PAGE, [...code.subarray(n * PAGE, (n + 1) * PAGE)]));
  }

  /** Another page of RAM or other rights for a page of code. */
  #remap(): void {
    const { random } = this;
    const n = random(PAGES);
    const rights = random(3) === 0 ? ALL & ~(1 << random(3)) : ALL;
    const to = random(2) === 0 ? (this.#pages[random(PAGES)] as number) : random(RAM_PAGES);
    this.pair.map(TOY_CODE / PAGE + n, to, rights);
  }
}

describe.each<Engine>(['interp', 'wasm'])(
  'random programs with stores to code, remapped pages and modes: %s',
  (engine) => {
    it.each([1, 2, 3, 4])('do what the reference does: seed %d', (seed) => {
      const random = randomSource(seed);
      const scenario = new Scenario(engine, random);
      for (let i = 0; i < 120; i++) scenario.step();
      expect(scenario.pair.vm.count('invalidated')).toBeGreaterThan(20);
      if (engine === 'wasm') expect(scenario.pair.vm.regionEntries).toBeGreaterThan(20);
    });
  },
);
